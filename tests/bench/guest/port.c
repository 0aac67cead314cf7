// Ports: the one that firmware shows its progress on, which no chip answers.
#include <sys/io.h>

#include "tests/bench/guest/bench.h"

enum { kDelayPort = 0x80 };

void out_port(uint32_t n) {
    if (iopl(3) != 0) give_up("iopl");
    begin();
    for (uint32_t i = 0; i < n; ++i) outb((unsigned char)i, kDelayPort);
    end(n);
}

// What is read is the chipset's affair, so it is no part of the checksum.
void in_port(uint32_t n) {
    if (iopl(3) != 0) give_up("iopl");
    begin();
    for (uint32_t i = 0; i < n; ++i) (void)inb(kDelayPort);
    end(n);
}
