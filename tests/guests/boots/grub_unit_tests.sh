# GRUB's own unit tests, run inside the guest; images.sh says which two are left out.
packages=(seabios grub-common grub-pc-bin xorriso mtools)
short=yes

boot() {
    make "$images/grub-tests.iso" write_grub_tests
    run --cdrom "$images/grub-tests.iso" --memory 256M --max-instructions 400000000000 \
        --expect 'ALL TESTS PASSED'
}
