// Listing: translates, disassembles, and puts names in the place of addresses.
#include "tests/translator/listing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iomanip>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "core/text.h"
#include "decoder/disassembly.h"
#include "tests/translator/listing_names.h"
#include "translator/block_translator.h"

namespace seventeen::translator {

namespace {

using decoder::CodeSize;
using decoder::Disassembly;

constexpr u64 kPhysical = 0x12'3000;
constexpr unsigned kPointerMove = 10;  // bytes; fewer where the host gives out low addresses

std::vector<u8> from_hex(const std::string& text) {
    std::istringstream in(text);
    std::vector<u8> bytes;
    for (unsigned byte = 0; in >> std::hex >> byte;) bytes.push_back(static_cast<u8>(byte));
    REQUIRE(in.eof());
    return bytes;
}

// A block, and what it was made from.
struct Translation {
    explicit Translation(const Snippet& snippet) : code(from_hex(snippet.code)) {
        for (const u32 offset : snippet.patched) patched.mark(kPhysical + offset);
        for (const u32 offset : snippet.soft) soft.mark(kPhysical + offset);
        Surroundings surroundings{snippet.mode, snippet.disabled, &soft, {}, &patched, nullptr};
        if (snippet.loose) surroundings.loose.host = code.data();
        surroundings.thunk_at = [&snippet](u32 eip) -> std::optional<Thunk> {
            constexpr u32 kPlace = 0x1240;
            if (eip != snippet.thunk) return {};
            return Thunk{Gpr::kBx, kPlace};
        };
        BlockTranslator translator(privilege::cpu_model("max"), TranslatorOptions().longest_block,
                                   cache, statistics);
        const auto outcome =
            translator.translate({kPhysical, snippet.eip, 0}, surroundings, {code, 0}, block);
        REQUIRE(outcome == BlockTranslator::Outcome::kDone);
    }

    CodeCache cache{1 << 20};
    Statistics statistics;
    std::vector<u8> code;
    MarkedInstructions patched;
    MarkedInstructions soft;
    std::unique_ptr<Block> block;
};

class Lister {
  public:
    Lister(const Snippet& snippet, const Translation& translation)
        : snippet_(snippet), source_(translation.code), block_(*translation.block) {
        const std::span<const u8> code(block_.entry, block_.code_size);
        for (u32 at = 0; at < code.size(); at += lines_.at(at).length)
            lines_[at] = decoder::disassemble(code.subspan(at), CodeSize::k64, at);
        name_labels();
    }

    std::string text() {
        out_ << "# " << snippet_.name << ": " << snippet_.about << "\n";
        out_ << "mode: " << mode_text(snippet_.mode) << "\n";
        print_guest();
        print_host();
        print_sites();
        return out_.str();
    }

  private:
    // Offsets that something leads to.
    void name_labels() {
        for (std::size_t i = 0; i < block_.sites.size(); ++i) {
            const Site& site = block_.sites[i];
            if (site.cold != 0) labels_[site.cold].push_back("call_" + std::to_string(i));
            if (site.kind == Site::Kind::kInstruction && site.resume != 0)
                labels_[site.resume].push_back("resume_" + std::to_string(i));
        }
        unsigned landings = 0;
        for (const FaultPoint& point : block_.fault_points)
            if (point.landing != 0)
                labels_[point.landing].push_back("landing_" + std::to_string(landings++));
        std::set<u32> others;
        for (const auto& [at, line] : lines_)
            if (line.target) others.insert(static_cast<u32>(*line.target));
        unsigned number = 0;
        for (const u32 target : others)
            if (labels_[target].empty()) labels_[target].push_back("L" + std::to_string(number++));
    }

    void print_guest() {
        out_ << "\nguest, " << block_.instructions << " instructions translated\n";
        const CodeSize size = snippet_.mode.code32() ? CodeSize::k32 : CodeSize::k16;
        const std::span<const u8> code(source_.data(), block_.bytes);
        for (std::size_t at = 0; at < code.size();) {
            const Disassembly line =
                decoder::disassemble(code.subspan(at), size, snippet_.eip + at);
            std::ostringstream bytes;
            for (const u8 byte : code.subspan(at, line.length))
                bytes << std::hex << std::setw(2) << std::setfill('0') << unsigned{byte} << ' ';
            out_ << "    " << hex(snippet_.eip + at) << "  " << std::left << std::setw(22)
                 << bytes.str() << line.text << "\n";
            at += line.length;
        }
    }

    void print_host() {
        std::ostringstream code;
        unsigned size = 0;
        for (const auto& [at, line] : lines_) {
            for (const std::string& label : labels_[at]) code << label << ":\n";
            const std::string text = symbolic(line);
            code << "    " << text << faults_at(at) << "\n";
            const bool pointer = !line.target && text != with_fields(line.text);
            size += pointer ? kPointerMove : line.length;
        }
        out_ << "\nhost, " << size << " bytes\n" << code.str();
    }

    std::string faults_at(u32 offset) const {
        std::string notes;
        for (const FaultPoint& point : block_.fault_points) {
            if (point.code != offset) continue;
            notes += "  ; a fault: site " + std::to_string(point.site);
            if (point.saved) notes += ", flags in r11";
            if (point.landing != 0) notes += ", by " + labels_.at(point.landing).front();
        }
        return notes;
    }

    std::string symbolic(const Disassembly& line) {
        if (line.target)
            return line.text.substr(0, line.text.rfind(' ') + 1) +
                   labels_.at(static_cast<u32>(*line.target)).front();
        return with_fields(with_pointer(line.text));
    }

    // The operand of `mov r10, …` where it is the address of a site or of the block's source.
    std::string with_pointer(const std::string& text) const {
        static const std::regex kMove("(mov r(?:8|10), )0x([0-9a-f]+)");
        std::smatch match;
        if (!std::regex_match(text, match, kMove)) return text;
        const u64 value = std::stoull(match[2], nullptr, 16);
        // SAFETY: addresses, to compare.
        const u64 sites = reinterpret_cast<u64>(block_.sites.data());
        const u64 source = reinterpret_cast<u64>(source_.data());
        const u64 site = (value - sites) / sizeof(Site);
        if (value >= sites && site < block_.sites.size())
            return match.str(1) + "site " + std::to_string(site) + " (" +
                   kind_text(block_.sites[site].kind) + ")";
        if (value - source < source_.size()) return match.str(1) + "source+" + hex(value - source);
        return text;
    }

    void print_sites() {
        out_ << "\nsites\n";
        for (std::size_t i = 0; i < block_.sites.size(); ++i)
            out_ << "    " << i << " " << site_text(block_.sites[i]) << "\n";
    }

    const Snippet& snippet_;
    const std::vector<u8>& source_;
    const Block& block_;
    std::map<u32, Disassembly> lines_;                // by offset
    std::map<u32, std::vector<std::string>> labels_;  // likewise
    std::ostringstream out_;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace

std::string listing(const Snippet& snippet) {
    const Translation translation(snippet);
    return Lister(snippet, translation).text();
}

std::string first_difference(const std::string& expected, const std::string& actual) {
    constexpr std::ptrdiff_t kBefore = 4;
    constexpr std::ptrdiff_t kFrom = 6;
    if (expected == actual) return "";
    const std::vector<std::string> old_lines = lines_of(expected);
    const std::vector<std::string> new_lines = lines_of(actual);
    const auto [old_first, new_first] =
        std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
    std::ostringstream out;
    out << "line " << old_first - old_lines.begin() + 1 << ":\n";
    const auto print = [&out](const char* mark, auto from, auto to) {
        for (; from != to; ++from) out << mark << *from << "\n";
    };
    print("  ", old_first - std::min(kBefore, old_first - old_lines.begin()), old_first);
    print("- ", old_first, old_first + std::min(kFrom, old_lines.end() - old_first));
    print("+ ", new_first, new_first + std::min(kFrom, new_lines.end() - new_first));
    return out.str();
}

}  // namespace seventeen::translator
