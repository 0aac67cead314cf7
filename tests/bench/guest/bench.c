// The benchmark's guest program: runs those programs of its table whose names hold a pattern.
//
//   bench [--native] [--busybox FILE] [PATTERN…]
//
// Each runs in a process of its own, started anew, and prints
//   begin NAME
//   end NAME CHECKSUM CPU-SECONDS TIME-STAMPS
// In a virtual machine the last two are virtual; the host takes the time at which lines arrive.
#include "tests/bench/guest/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

struct Program {
    const char* name;
    Run* run;
    uint32_t n;
    int guest_only;
};

// The counts: on this side some 0.1 s natively, on the other at most 4 s in the slowest emulator.
static const struct Program kPrograms[] = {
    {"base/nothing", nothing, 1, 0},
    {"integer/sieve", sieve, 150, 0},
    {"integer/sorting", sorting, 6, 0},
    {"integer/crc", crc, 160, 0},
    {"integer/sha256", sha256, 450, 0},
    {"integer/matrix", matrix, 300, 0},
    {"integer/division", division, 1000000, 0},
    {"calls/fibonacci", fibonacci, 37, 0},
    {"calls/table", function_table, 40000000, 0},
    {"calls/callbacks", callbacks, 40, 0},
    {"calls/switch", switch_machine, 500, 0},
    {"calls/goto", goto_machine, 700, 0},
    {"calls/page-end", page_end, 100000000, 0},
    {"memory/copy", copy, 30, 0},
    {"memory/sum", sum, 60, 0},
    {"memory/chase-near", chase_near, 20000000, 0},
    {"memory/chase-far", chase_far, 1000000, 0},
    {"memory/tlb-walk", tlb_walk, 2200, 0},
    {"string/movs-long", movs_long, 80000, 0},
    {"string/movs-short", movs_short, 24000000, 0},
    {"string/stos-long", stos_long, 180000, 0},
    {"string/stos-short", stos_short, 24000000, 0},
    {"string/cmps", cmps, 30000, 0},
    {"string/scas", scas, 36000, 0},
    {"string/lods-stos", lods_stos, 3000, 0},
    {"x87/mandelbrot", x87_mandelbrot, 480, 0},
    {"x87/nbody", x87_nbody, 240000, 0},
    {"sse2/nbody", sse2_nbody, 2000000, 0},
    {"sse2/mandelbrot", sse2_mandelbrot, 1130, 0},
    {"sse2/saxpy", sse2_saxpy, 45000, 0},
    {"sse2/pixels", sse2_pixels, 80000, 0},
    {"syscall/int80", int80, 100000, 0},
    {"syscall/sysenter", sysenter, 500000, 0},
    {"fault/touch", touch, 30, 0},
    {"fault/mmap", map_touch_unmap, 8000, 0},
    {"fork/exit", fork_exit, 1000, 0},
    {"fork/exit-large", fork_exit_large, 150, 0},
    {"fork/exec", fork_exec, 500, 0},
    {"pipe/ping-pong", ping_pong, 20000, 0},
    {"signal/kill", kill_self, 50000, 0},
    {"signal/segv", segv_mprotect, 20000, 0},
    {"smc/patch", patch_immediate, 100000, 0},
    {"smc/fresh", generate_fresh, 10000, 0},
    {"smc/over", generate_over, 10000, 0},
    {"smc/data", data_beside_code, 800000, 0},
    {"tools/gzip", gzip_tool, 3, 0},
    {"tools/md5sum", md5sum_tool, 20, 0},
    {"tools/awk", awk_tool, 2, 0},
    {"tools/tar", tar_tool, 12, 0},
    {"tools/shell", shell_tool, 1, 0},
    {"port/out", out_port, 1000000, 1},
    {"port/in", in_port, 1000000, 1},
};
enum { kCount = sizeof kPrograms / sizeof kPrograms[0] };

struct Places places = {"tiny", "busybox"};

static const char* running;
static uint64_t cpu_at_begin;
static uint64_t stamp_at_begin;

enum { kSecond = 1000000 };  // in microseconds

// Of this process and of its children that have ended.
static uint64_t cpu_time(void) {
    uint64_t total = 0;
    for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; ++who) {
        struct rusage usage;
        getrusage(who, &usage);
        total += (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * kSecond +
                 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return total;
}

// Lines are put together by few instructions: printf() alone would take a translator milliseconds
// when it is first run.
static struct {
    char text[128];
    size_t length;
} line;

static void put(const char* text) {
    while (*text != '\0' && line.length < sizeof line.text) line.text[line.length++] = *text++;
}

static void put_number(uint64_t value, unsigned base, int digits) {
    char text[24];
    char* at = text + sizeof text;
    *--at = '\0';
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (--digits > 0 || value != 0);
    put(at);
}

static void print_line(void) {
    put("\n");
    if (write(STDOUT_FILENO, line.text, line.length) < 0) give_up("standard output");
    line.length = 0;
    tcdrain(STDOUT_FILENO);
}

void begin(void) {
    put("begin ");
    put(running);
    print_line();
    cpu_at_begin = cpu_time();
    stamp_at_begin = __rdtsc();
}

void end(uint32_t checksum) {
    const uint64_t stamps = __rdtsc() - stamp_at_begin;
    const uint64_t cpu = cpu_time() - cpu_at_begin;
    put("end ");
    put(running);
    put(" ");
    put_number(checksum, 16, 8);
    put(" ");
    put_number(cpu / kSecond, 10, 1);
    put(".");
    put_number(cpu % kSecond, 10, 6);
    put(" ");
    put_number(stamps, 10, 1);
    print_line();
}

void give_up(const char* what) {
    perror(what);
    exit(1);
}

void* pages(size_t bytes, enum Pages kind) {
    const int protection = PROT_READ | PROT_WRITE | (kind == kExecutable ? PROT_EXEC : 0);
    char* start = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) give_up("mmap");
    madvise(start, bytes, MADV_NOHUGEPAGE);  // what the guest's kernel would do with so little RAM
    if (kind == kTouched) memset(start, 1, bytes);
    return start;
}

uint32_t next_random(uint32_t* state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

uint32_t mix(uint32_t sum, uint32_t value) {
    return (sum ^ value) * 16777619u;
}

uint32_t mix_bytes(uint32_t sum, const void* bytes, size_t count) {
    const unsigned char* byte = bytes;
    while (count-- != 0) sum = mix(sum, *byte++);
    return sum;
}

uint32_t mix_double(uint32_t sum, double value) {
    return mix_bytes(sum, &value, sizeof value);
}

void nothing(uint32_t n) {
    begin();
    end(n);
}

// Names are matched with '/' on both sides: `x87/` is a class, `/crc/` a program.
static int wanted(const char* name, char** patterns) {
    char whole[64];
    snprintf(whole, sizeof whole, "/%s/", name);
    if (*patterns == NULL || strcmp(name, "base/nothing") == 0) return 1;
    for (; *patterns != NULL; ++patterns)
        if (strstr(whole, *patterns) != NULL) return 1;
    return 0;
}

static void run_alone(const struct Program* program, char** arguments) {
    const pid_t child = fork();
    if (child < 0) give_up("fork");
    if (child == 0) {
        char* words[] = {arguments[0], "--one", (char*)program->name, (char*)places.busybox, NULL};
        execv(arguments[0], words);
        give_up(arguments[0]);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) printf("failed %s %x\n", program->name, (unsigned)status);
    fflush(stdout);
}

static int run_one(const char* name) {
    for (int i = 0; i < kCount; ++i) {
        if (strcmp(kPrograms[i].name, name) != 0) continue;
        running = name;
        kPrograms[i].run(kPrograms[i].n);
        return 0;
    }
    return 2;
}

int main(int count, char** words) {
    char** const all = words;
    static char tiny[4096];
    const char* slash = strrchr(all[0], '/');
    snprintf(tiny, sizeof tiny, "%.*stiny", slash == NULL ? 0 : (int)(slash - all[0] + 1), all[0]);
    places.tiny = tiny;
    if (count == 4 && strcmp(words[1], "--one") == 0) {
        places.busybox = words[3];
        return run_one(words[2]);
    }
    int native = 0;
    for (++words; *words != NULL && strncmp(*words, "--", 2) == 0; ++words) {
        if (strcmp(*words, "--native") == 0) native = 1;
        if (strcmp(*words, "--busybox") == 0) places.busybox = *++words;
    }
    // The least of some runs of the first program, which does nothing, is what printing costs.
    for (int i = 0; i < 4; ++i) run_alone(&kPrograms[0], all);
    for (int i = 0; i < kCount; ++i)
        if (!(native && kPrograms[i].guest_only) && wanted(kPrograms[i].name, words))
            run_alone(&kPrograms[i], all);
    return 0;
}
