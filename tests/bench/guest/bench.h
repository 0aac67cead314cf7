// What the benchmark's programs share: each prepares, calls begin(), works, calls end() with a
// checksum.
#pragma once

#include <stddef.h>
#include <stdint.h>

void begin(void);
void end(uint32_t checksum);
_Noreturn void give_up(const char* what);

// Pages that are there already unless `fresh`; released by the process' end.
enum Pages { kTouched, kFresh, kExecutable };
void* pages(size_t bytes, enum Pages kind);

uint32_t next_random(uint32_t* state);       // xorshift; state must not be 0
uint32_t mix(uint32_t sum, uint32_t value);  // one step of FNV-1a over words
uint32_t mix_bytes(uint32_t sum, const void* bytes, size_t count);
uint32_t mix_double(uint32_t sum, double value);  // its bits

// Where this program, `tiny` and busybox are, and a directory to write to.
struct Places {
    const char* tiny;
    const char* busybox;
};
extern struct Places places;

typedef void Run(uint32_t n);
Run nothing;
Run sieve, sorting, crc, sha256, matrix, division;
Run fibonacci, function_table, callbacks, switch_machine, goto_machine, page_end;
Run copy, sum, chase_near, chase_far, tlb_walk;
Run movs_long, movs_short, stos_long, stos_short, cmps, scas, lods_stos;
Run x87_mandelbrot, x87_nbody;
Run sse2_nbody, sse2_mandelbrot, sse2_saxpy, sse2_pixels;
Run int80, sysenter;
Run touch, map_touch_unmap;
Run fork_exit, fork_exit_large, fork_exec;
Run ping_pong;
Run kill_self, segv_mprotect;
Run patch_immediate, generate_fresh, generate_over, data_beside_code;
Run gzip_tool, md5sum_tool, awk_tool, tar_tool, shell_tool;
Run out_port, in_port;
