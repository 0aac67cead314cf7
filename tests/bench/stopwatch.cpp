// seventeen-stopwatch: runs a command and takes the time at which it prints `begin NAME` and `end
// NAME`.
//
//   seventeen-stopwatch [--limit SECONDS] LOG COMMAND…
//
// The clock is that of the command's own CPU time (its threads and children), with the wall's
// beside it: a virtual machine's guest cannot be asked, as its time is virtual. What the command
// prints goes to LOG. On standard output, one a line:
//   first CPU WALL PEAK                  the first character
//   time NAME CPU WALL REST…             between `begin NAME` and `end NAME REST…`
//   boot CPU WALL PEAK                   from the start to `end boot`
//   failed NAME REST…                    as the command printed it
//   total CPU WALL PEAK                  the whole run
// in seconds and KiB (VmHWM). The status is the command's, or 124 where it said nothing for so long
// that it was ended.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace seventeen::bench {

constexpr int kEnded = 124;      // as timeout(1) says it
constexpr int kCannotRun = 127;  // as the shell says it

struct Times {
    double cpu = 0;
    double wall = 0;
};

// The CPU time of another process. Its POSIX clock stands still between two ticks of the kernel
// (4 ms and more) while it runs on another CPU; the kernel's performance counter does not, but may
// be forbidden to users (kernel.perf_event_paranoid).
class CpuClock {
  public:
    explicit CpuClock(pid_t process) {
        perf_event_attr wanted{};
        wanted.type = PERF_TYPE_SOFTWARE;
        wanted.size = sizeof wanted;
        wanted.config = PERF_COUNT_SW_TASK_CLOCK;
        wanted.inherit = 1;
        counter_ = static_cast<int>(
            syscall(SYS_perf_event_open, &wanted, process, -1, -1, PERF_FLAG_FD_CLOEXEC));
        if (counter_ >= 0) return;
        clock_getcpuclockid(process, &clock_);
        std::fputs("seventeen-stopwatch: without performance counters times are rounded to ticks\n",
                   stderr);
    }

    double seconds() const {
        std::uint64_t nanoseconds = 0;
        if (counter_ >= 0 && read(counter_, &nanoseconds, sizeof nanoseconds) > 0)
            return 1e-9 * static_cast<double>(nanoseconds);
        timespec time{};
        clock_gettime(clock_, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }

  private:
    int counter_ = -1;
    clockid_t clock_{};
};

class Stopwatch {
  public:
    explicit Stopwatch(pid_t child, const char* log) : child_(child), log_(log), cpu_(child) {
        start_ = wall_seconds();
    }

    // Reads until the command closes its output or is silent for `limit` seconds; false then.
    bool watch(int output, int limit) {
        std::array<char, 4096> bytes{};
        pollfd waiting{output, POLLIN, 0};
        while (poll(&waiting, 1, limit * 1000) > 0) {
            const ssize_t count = read(output, bytes.data(), bytes.size());
            if (count <= 0) return true;
            take(std::string_view(bytes.data(), static_cast<std::size_t>(count)), now());
        }
        return false;
    }

    int finish(bool ended) {
        if (ended) kill(child_, SIGKILL);
        int status = 0;
        rusage usage{};
        wait4(child_, &status, 0, &usage);
        const double cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
        std::printf("total %.6f %.6f %ld\n", cpu, now().wall, usage.ru_maxrss);
        if (ended) return kEnded;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    static double seconds_of(const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    }

    static double wall_seconds() {
        timespec time{};
        clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }

    Times now() const { return {cpu_.seconds(), wall_seconds() - start_}; }

    // KiB that were resident at most so far.
    std::string peak() const {
        std::ifstream status("/proc/" + std::to_string(child_) + "/status");
        std::string word;
        while (status >> word)
            if (word == "VmHWM:" && status >> word) return word;
        return "0";
    }

    void take(std::string_view bytes, Times time) {
        log_ << bytes << std::flush;
        if (!heard_) std::printf("first %.6f %.6f %s\n", time.cpu, time.wall, peak().c_str());
        heard_ = true;
        for (const char byte : bytes) {
            if (line_.empty()) first_byte_ = time;
            if (byte != '\n') {
                if (byte != '\r') line_ += byte;
                continue;
            }
            judge(time);
            line_.clear();
        }
        std::fflush(stdout);
    }

    // What it takes to print a line is counted neither at the beginning nor at the end.
    void judge(Times last_byte) {
        std::istringstream words(line_);
        std::string verb;
        std::string name;
        std::string rest;
        words >> verb >> name;
        std::getline(words, rest);
        if (verb == "begin") {
            begun_[name] = last_byte;
        } else if (verb == "end" && name == "boot") {
            std::printf("boot %.6f %.6f %s\n", first_byte_.cpu, first_byte_.wall, peak().c_str());
        } else if (verb == "end" && begun_.contains(name)) {
            const Times begin = begun_[name];
            std::printf("time %s %.6f %.6f%s\n", name.c_str(), first_byte_.cpu - begin.cpu,
                        first_byte_.wall - begin.wall, rest.c_str());
        } else if (verb == "failed") {
            std::printf("%s\n", line_.c_str());
        }
    }

    pid_t child_;
    std::ofstream log_;
    CpuClock cpu_;
    double start_ = 0;
    bool heard_ = false;
    std::string line_;
    Times first_byte_;
    std::map<std::string, Times> begun_;
};

int run(int limit, const char* log, char** command) {
    std::array<int, 2> ends{};
    std::array<int, 2> gate{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0 || pipe2(gate.data(), O_CLOEXEC) != 0) return kCannotRun;
    const pid_t child = fork();
    if (child < 0) return kCannotRun;
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(gate[1]);
        char byte = 0;
        if (read(gate[0], &byte, 1) != 0) _exit(kCannotRun);  // waits for the clock
        execvp(command[0], command);
        std::perror(command[0]);
        _exit(kCannotRun);
    }
    close(ends[1]);
    // Woken at once where that is allowed: the command's clock goes on until it is read.
    setpriority(PRIO_PROCESS, 0, -20);
    Stopwatch stopwatch(child, log);
    close(gate[1]);
    const bool closed = stopwatch.watch(ends[0], limit);
    return stopwatch.finish(!closed);
}

}  // namespace seventeen::bench

int main(int count, char** words) {
    int limit = 120;
    if (count > 2 && std::string(words[1]) == "--limit") {
        limit = std::atoi(words[2]);
        words += 2;
        count -= 2;
    }
    if (count < 3 || limit <= 0) {
        std::fputs("usage: seventeen-stopwatch [--limit SECONDS] LOG COMMAND…\n", stderr);
        return 2;
    }
    return seventeen::bench::run(limit, words[1], words + 2);
}
