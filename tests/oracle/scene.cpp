// Plays instructions one at a time.
#include "tests/oracle/scene.h"

#include <algorithm>
#include <cstring>

#include "decoder/prefixes.h"

namespace seventeen::oracle {

Scene::Scene(NativeCpu& host, Random& random, Case& test)
    : host_(host),
      random_(random),
      test_(test),
      live_(test.registers),
      next_code_(live_[SegmentName::kCs]) {
    std::copy(test.memory.begin(), test.memory.end(), host_.memory().begin());
}

u32 Scene::peek(u32 address) {
    u32 value = 0;
    const u32 offset = image_offset(address);
    if (offset + sizeof value <= kMemorySize)
        std::memcpy(&value, host_.memory().data() + offset, sizeof value);
    return value;
}

void Scene::set_gpr(unsigned number, u32 value) {
    if (live_.gpr[number] == value) return;
    live_.gpr[number] = value;
    if (at_start()) {
        test_.registers.gpr[number] = value;
        return;
    }
    constexpr u8 kMovImmediate = 0xb8;
    Bytes move;
    if (code_size() == decoder::CodeSize::k16) move.push_back(decoder::kPrefixOperandSize);
    move.push_back(static_cast<u8>(kMovImmediate + number));
    for (unsigned shift = 0; shift < 32; shift += 8)
        move.push_back(static_cast<u8>(value >> shift));
    test_.instructions.push_back(move);
}

void Scene::poke(u32 address, const void* bytes, std::size_t size) {
    oracle::poke(test_.memory, address, bytes, size);
    oracle::poke(host_.memory(), address, bytes, size);
}

bool Scene::append(const Bytes& bytes) {
    Bytes code = bytes;
    append_exit_jump(code, code_size());
    if (contains_system_call(code)) return false;
    const u32 address = test_.end();
    live_.eip = address - base(SegmentName::kCs);
    if (!is_within(live_[SegmentName::kCs], live_.eip)) return false;
    test_.instructions.push_back(bytes);
    host_.load_code(address, code);
    const Outcome outcome = host_.run(live_);
    live_ = outcome.registers;
    live_[SegmentName::kCs] = next_code_;
    return outcome.kind == Outcome::Kind::kCompleted;
}

}  // namespace seventeen::oracle
