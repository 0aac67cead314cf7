// What kernels do for programs: system calls, page faults, processes, pipes, signals.
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/guest/bench.h"

// --- system calls ---

void int80(uint32_t n) {
    uint32_t good = 0;
    begin();
    while (n-- != 0) {
        int32_t result = SYS_getppid;
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
        good += result > 0;
    }
    end(good);
}

// Through the kernel's own page: SYSENTER (SYSCALL natively on AMD).
void sysenter(uint32_t n) {
    const unsigned long entry = getauxval(AT_SYSINFO);
    uint32_t good = 0;
    if (entry == 0) give_up("AT_SYSINFO");
    begin();
    while (n-- != 0) {
        int32_t result = SYS_getppid;
        __asm__ volatile("call *%1" : "+a"(result) : "r"(entry) : "memory");
        good += result > 0;
    }
    end(good);
}

// --- page faults ---

enum { kPage = 4096 };

void touch(uint32_t n) {
    enum { kPages = 2048 };
    uint32_t total = 0;
    begin();
    while (n-- != 0) {
        unsigned char* fresh = pages(kPages * kPage, kFresh);
        for (int i = 0; i < kPages; ++i) {
            fresh[i * kPage] = (unsigned char)i;
            total += fresh[i * kPage + 1];
        }
        munmap(fresh, kPages * kPage);
        ++total;
    }
    end(total);
}

void map_touch_unmap(uint32_t n) {
    enum { kPages = 4 };
    uint32_t total = 0;
    begin();
    while (n-- != 0) {
        unsigned char* fresh =
            mmap(NULL, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED) give_up("mmap");
        for (int i = 0; i < kPages; ++i) total += fresh[i * kPage]++ + 1u;
        munmap(fresh, kPages * kPage);
    }
    end(total);
}

// --- processes ---

static uint32_t fork_and_wait(uint32_t n) {
    uint32_t good = 0;
    while (n-- != 0) {
        const pid_t child = fork();
        if (child < 0) give_up("fork");
        if (child == 0) _exit(17);
        int status = 0;
        waitpid(child, &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == 17;
    }
    return good;
}

void fork_exit(uint32_t n) {
    begin();
    end(fork_and_wait(n));
}

// With 8 MiB that are copied on write.
void fork_exit_large(uint32_t n) {
    unsigned char* memory = pages(8 << 20, kTouched);
    uint32_t good = 0;
    begin();
    while (n-- != 0) {
        good += fork_and_wait(1);
        for (int i = 0; i < 64; ++i) memory[(n + (uint32_t)i * 31) % 2048 * kPage] ^= 1;
    }
    end(good);
}

void fork_exec(uint32_t n) {
    char* words[] = {(char*)places.tiny, NULL};
    uint32_t good = 0;
    begin();
    while (n-- != 0) {
        const pid_t child = fork();
        if (child < 0) give_up("fork");
        if (child == 0) {
            execv(words[0], words);
            _exit(1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        good += status == 0;
    }
    end(good);
}

// --- pipes ---

void ping_pong(uint32_t n) {
    int there[2];
    int back[2];
    if (pipe(there) != 0 || pipe(back) != 0) give_up("pipe");
    char byte = 1;
    uint32_t total = 0;
    begin();
    const pid_t child = fork();
    if (child < 0) give_up("fork");
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1) {
            ++byte;
            if (write(back[1], &byte, 1) != 1) _exit(1);
        }
        _exit(0);
    }
    while (n-- != 0) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) give_up("pipe");
        total += (unsigned char)byte;
    }
    close(there[1]);
    int status = 0;
    waitpid(child, &status, 0);  // so that its time is counted
    end(total + (uint32_t)status);
}

// --- signals ---

static volatile uint32_t seen;
static unsigned char* guarded;

static void count(int number) {
    seen += (uint32_t)number;
}

static void open_page(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    ++seen;
    if (info->si_addr != guarded) give_up("another page");
    mprotect(guarded, kPage, PROT_READ | PROT_WRITE);
}

void kill_self(uint32_t n) {
    const pid_t self = getpid();
    signal(SIGUSR1, count);
    begin();
    while (n-- != 0) kill(self, SIGUSR1);
    end(seen);
}

void segv_mprotect(uint32_t n) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = open_page;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
    guarded = pages(kPage, kTouched);
    begin();
    while (n-- != 0) {
        mprotect(guarded, kPage, PROT_NONE);
        ++*(volatile unsigned char*)guarded;
    }
    end(seen + *guarded);
}
