// Tests of LAR, LSL, VERR and VERW over every descriptor type and privilege.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

// Which queries accept a type (SDM 2A tables for LAR and LSL; 2B VERR/VERW): A, S, R, W.
constexpr const char* kSystemTypes[16] = {
    /* reserved */ "",    /* TSS16 */ "AS",
    /* LDT */ "AS",       /* busy TSS16 */ "AS",
    /* call16 */ "A",     /* task */ "A",
    /* interrupt16 */ "", /* trap16 */ "",
    /* reserved */ "",    /* TSS32 */ "AS",
    /* reserved */ "",    /* busy TSS32 */ "AS",
    /* call32 */ "A",     /* reserved */ "",
    /* interrupt32 */ "", /* trap32 */ "",
};
constexpr const char* kSegmentTypes[16] = {
    /* read-only */ "ASR",   "ASR",
    /* writable */ "ASRW",   "ASRW",
    /* expand-down */ "ASR", "ASR",  "ASRW", "ASRW",
    /* execute-only */ "AS", "AS",
    /* readable */ "ASR",    "ASR",
    /* conforming */ "AS",   "AS",   "ASR",  "ASR",
};

bool accepts(const Descriptor& descriptor, char query) {
    const u32 type = descriptor.attributes() & 0xf;
    const char* row = descriptor.system() ? kSystemTypes[type] : kSegmentTypes[type];
    return std::string_view(row).find(query) != std::string_view::npos;
}

struct Answer {
    Fault fault;
    bool valid = false;
    u32 value = 0xdeadbeef;
};

Answer ask(Bench& bench, char query, u16 selector) {
    Answer answer;
    switch (query) {
        case 'A':
            answer.fault = bench.engine.load_access_rights(selector, answer.valid, answer.value);
            break;
        case 'S':
            answer.fault = bench.engine.load_segment_limit(selector, answer.valid, answer.value);
            break;
        case 'R': answer.fault = bench.engine.verify_read(selector, answer.valid); break;
        default: answer.fault = bench.engine.verify_write(selector, answer.valid); break;
    }
    return answer;
}

constexpr char kQueries[] = {'A', 'S', 'R', 'W'};

}  // namespace

TEST_CASE("descriptor queries by type, DPL, RPL and CPL") {
    Bench bench;
    bench.protected_mode(0);
    for (u32 type = 0; type < 32; ++type)
        for (unsigned level = 0; level < 4; ++level) {
            const Descriptor descriptor =
                make_segment(0x12345678, 0xa1234, type | kSegmentPresent | dpl(level));
            bench.set_descriptor(kFree, descriptor);
            const bool conforming = (type & 0x1c) == 0x1c;
            for (unsigned cpl = 0; cpl < 4; ++cpl)
                for (u16 rpl = 0; rpl < 4; ++rpl)
                    for (const char query : kQueries) {
                        bench.state.cpl = static_cast<u8>(cpl);
                        CAPTURE(type, level, cpl, rpl, query);
                        const Answer answer = ask(bench, query, kFree | rpl);
                        const bool reachable = conforming || (level >= cpl && level >= rpl);
                        const bool valid = accepts(descriptor, query) && reachable;
                        REQUIRE(answer.fault == Fault{});
                        REQUIRE(answer.valid == valid);
                        if (valid && query == 'A')
                            REQUIRE(answer.value == (descriptor.high & 0x00ffff00));
                        else if (valid && query == 'S')
                            REQUIRE(answer.value == 0xa1234);
                        else
                            REQUIRE(answer.value == 0xdeadbeef);
                    }
            // No query marks anything as accessed.
            REQUIRE(bench.descriptor(kFree).high == descriptor.high);
        }
}

TEST_CASE("descriptor queries do not ask whether the segment is present") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(kFree, make_segment(0, 0, kDataSegment & ~kSegmentPresent));
    for (const char query : kQueries) CHECK(ask(bench, query, kFree).valid);
}

TEST_CASE("LSL counts in bytes") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(kFree, make_segment(0, 0x12345, kDataSegment | kSegmentGranular));
    CHECK(ask(bench, 'S', kFree).value == 0x12345fff);
    bench.set_descriptor(kFree, make_segment(0, 0x12345, kDataSegment));
    CHECK(ask(bench, 'S', kFree).value == 0x12345);
}

TEST_CASE("null selectors and those beyond their table clear ZF") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(0, make_segment(0, 0xfffff, kDataSegment));
    bench.set_descriptor(0xf8, make_segment(0, 0xfffff, kDataSegment));
    bench.set_descriptor(0x100, make_segment(0, 0xfffff, kDataSegment));
    for (const u32 entry : {0x0u, 0x78u, 0x80u})
        bench.set_descriptor(static_cast<u16>(entry | 4), make_segment(0, 0xfffff, kDataSegment));
    for (const char query : kQueries) {
        CAPTURE(query);
        for (u16 rpl = 0; rpl < 4; ++rpl) CHECK(!ask(bench, query, rpl).valid);
        CHECK(ask(bench, query, 0xf8).valid);
        CHECK(!ask(bench, query, 0x100).valid);
        CHECK(!ask(bench, query, 0xfff8).valid);
        CHECK(ask(bench, query, 0x0 | 4).valid);  // the LDT's first entry is no null selector
        CHECK(ask(bench, query, 0x78 | 4).valid);
        CHECK(!ask(bench, query, 0x80 | 4).valid);
    }
    bench.state.gdtr.limit = 0xfe;
    CHECK(!ask(bench, 'A', 0xf8).valid);
    bench.state.ldtr = null_segment(0);
    CHECK(!ask(bench, 'A', 0x78 | 4).valid);
}

TEST_CASE("a descriptor table that is not mapped is a page fault") {
    Bench bench;
    bench.protected_mode(3);
    bench.enable_paging();
    bench.change_page(kGdt, 4);  // supervisor only: the table is read with its rights
    for (const char query : kQueries) CHECK(ask(bench, query, kData3).fault == Fault{});
    bench.change_page(kGdt, 1);
    for (const char query : kQueries) {
        const Answer answer = ask(bench, query, kData3);
        CHECK(answer.fault == Fault::page(0, {kGdt + (kData3 & ~7u)}));
        CHECK(!answer.valid);
    }
}

TEST_CASE("descriptor queries are undefined outside protected mode") {
    Bench bench;
    bench.real_mode();
    CHECK(bench.engine.require_protected_mode() == Fault::invalid_opcode());
    for (const char query : kQueries)
        CHECK(ask(bench, query, kData0).fault == Fault::invalid_opcode());
    bench.v86_mode(3);
    CHECK(bench.engine.require_protected_mode() == Fault::invalid_opcode());
    for (const char query : kQueries)
        CHECK(ask(bench, query, kData0).fault == Fault::invalid_opcode());
    bench.state.system_flags &= ~kFlagVm;
    CHECK(bench.engine.require_protected_mode() == Fault{});
}

}  // namespace seventeen::privilege
