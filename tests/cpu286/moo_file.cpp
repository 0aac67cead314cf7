// Reads MOO files: chunks within chunks, each a name, a length and a payload.
#include "tests/cpu286/moo_file.h"

#include <zlib.h>

#include <cstring>
#include <span>

#include "core/error.h"

namespace seventeen::cpu286 {

namespace {

std::vector<u8> inflate_file(const std::filesystem::path& path) {
    const gzFile file = gzopen(path.c_str(), "rb");
    if (!file) throw Error(path.string() + ": cannot be opened");
    std::vector<u8> bytes;
    std::array<u8, 1 << 16> buffer;
    int count;
    while ((count = gzread(file, buffer.data(), buffer.size())) > 0)
        bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + count);
    gzclose(file);
    if (count < 0) throw Error(path.string() + ": is damaged");
    return bytes;
}

class Cursor {
  public:
    explicit Cursor(std::span<const u8> bytes) : rest_(bytes) {}
    bool empty() const { return rest_.empty(); }
    std::span<const u8> take(std::size_t size) {
        if (size > rest_.size()) throw Error("a chunk is longer than what holds it");
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }
    template <typename T>
    T get() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    std::string text(std::size_t size) {
        const auto bytes = take(size);
        return {bytes.begin(), bytes.end()};
    }

  private:
    std::span<const u8> rest_;
};

// Calls `each(name, payload)` for every chunk.
template <typename Each>
void for_chunks(Cursor cursor, Each&& each) {
    while (!cursor.empty()) {
        const std::string name = cursor.text(4);
        const u32 size = cursor.get<u32>();
        each(name, Cursor(cursor.take(size)));
    }
}

template <typename Store>
void read_registers(Cursor cursor, Store&& store) {
    const u16 present = cursor.get<u16>();
    for (unsigned i = 0; i < kRegisters; ++i)
        if (present >> i & 1) store(i, cursor.get<u16>());
}

void read_state(Cursor cursor, Registers& registers, std::vector<Byte>& memory) {
    for_chunks(cursor, [&](const std::string& name, Cursor payload) {
        if (name == "REGS")
            read_registers(payload, [&](unsigned i, u16 value) { registers.value[i] = value; });
        if (name != "RAM ") return;
        const u32 count = payload.get<u32>();
        for (u32 i = 0; i < count; ++i) {
            const u32 address = payload.get<u32>();
            memory.push_back({address, payload.get<u8>()});
        }
    });
}

std::string hexadecimal(Cursor cursor) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    while (!cursor.empty()) {
        const u8 byte = cursor.get<u8>();
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

MooTest read_test(Cursor cursor, const std::array<u16, kRegisters>& masks) {
    MooTest test;
    test.masks = masks;
    test.index = cursor.get<u32>();
    for_chunks(cursor, [&](const std::string& name, Cursor payload) {
        if (name == "NAME") test.name = payload.text(payload.get<u32>());
        if (name == "BYTS") {
            const auto bytes = payload.take(payload.get<u32>());
            test.bytes.assign(bytes.begin(), bytes.end());
        }
        if (name == "INIT") read_state(payload, test.before, test.memory_before);
        if (name == "FINA") read_state(payload, test.after, test.memory_after);
        if (name == "RMSK")
            read_registers(payload, [&](unsigned i, u16 mask) { test.masks[i] = mask; });
        // Its second field, where FLAGS went, is rounded down to even: SS:SP says it better.
        if (name == "EXCP") test.exception = payload.get<u8>();
        if (name == "HASH") test.hash = hexadecimal(payload);
    });
    return test;
}

}  // namespace

std::vector<MooTest> read_moo(const std::filesystem::path& path) {
    const std::vector<u8> bytes = inflate_file(path);
    std::vector<MooTest> tests;
    std::array<u16, kRegisters> masks;
    masks.fill(0xffff);
    for_chunks(Cursor(bytes), [&](const std::string& name, Cursor payload) {
        if (name == "RMSK") read_registers(payload, [&](unsigned i, u16 mask) { masks[i] = mask; });
        if (name == "TEST") tests.push_back(read_test(payload, masks));
    });
    return tests;
}

}  // namespace seventeen::cpu286
