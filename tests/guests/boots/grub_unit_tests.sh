# GRUB's own unit tests, run inside the guest.
packages=(seabios grub-common grub-pc-bin xorriso mtools)

boot() {
    make "$images/grub-tests.iso" write_grub_tests
    run --cdrom "$images/grub-tests.iso" --memory 256M --max-instructions 400000000000 \
        --expect 'ALL TESTS PASSED'
}
