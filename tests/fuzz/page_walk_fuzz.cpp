// Fuzzes page walks and the TLB: bytes become page tables, control bits and accesses, each of which
// is compared with the naive reference.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include "tests/mmu/lockstep.h"

namespace seventeen::fuzz {
namespace {

using mmu::Source;

class RandomSource final : public Source {
  public:
    explicit RandomSource(u64 seed) : generator_(seed) {}
    u32 below(u32 bound) override { return static_cast<u32>(generator_() >> 32) % bound; }

  private:
    std::mt19937_64 generator_;
};

// The first two bytes seed the tables that the machine starts with; the others are choices.
class ByteSource final : public Source {
  public:
    ByteSource(const u8* data, std::size_t size)
        : bulk_(take(data, size) | u64{take(data, size)} << 8), data_(data), left_(size) {}

    u32 below(u32 bound) override {
        u32 value = take(data_, left_);
        for (u32 range = 256; range < bound; range <<= 8) value = value << 8 | take(data_, left_);
        return value % bound;
    }
    Source& bulk() override { return bulk_; }
    bool exhausted() const { return left_ == 0; }

  private:
    static u8 take(const u8*& data, std::size_t& left) {
        if (left == 0) return 0;
        --left;
        return *data++;
    }

    RandomSource bulk_;
    const u8* data_;
    std::size_t left_;
};

}  // namespace
}  // namespace seventeen::fuzz

extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    seventeen::fuzz::ByteSource source(data, size);
    const auto machine = std::make_unique<seventeen::mmu::Lockstep>(source);
    while (!source.exhausted()) {
        const std::string difference = machine->step();
        if (difference.empty()) continue;
        std::fprintf(stderr, "%s\n", difference.c_str());
        std::abort();
    }
    return 0;
}
