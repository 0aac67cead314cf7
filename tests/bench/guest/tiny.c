// The smallest program: ends at once, without a library.
void _start(void) {
    __asm__ volatile("int $0x80" : : "a"(1), "b"(0));
    __builtin_unreachable();
}
