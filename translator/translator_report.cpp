// What the translator tells about itself: how much there is, and what a sample has met.
#include "translator/translator.h"

namespace seventeen::translator {

Census Translator::census() const {
    Census census;
    blocks_.for_each([&](const Block& block) {
        ++census.blocks;
        for (const Site& site : block.sites) {
            census.direct_exits += site.kind == Site::Kind::kDirect && site.jump != 0;
            census.linked_exits += site.linked != nullptr;
        }
    });
    census.code_bytes = cache_.used();
    census.code_capacity = cache_.size();
    census.modes = modes_.size();
    if (windows_) windows_->count(census);
    return census;
}

void Translator::locate(Sample& sample, const u8* code) {
    if (calling_.mnemonic != decoder::Mnemonic::kInvalid) {
        sample.in_callout = true;
        sample.guest = calling_;
    }
    if (sample.occupation != Occupation::kCode || !cache_.contains(code)) return;
    // Translated code stands still, and with it the map of blocks.
    const Block* block = blocks_.containing(code);
    sample.host = block ? HostPlace::kBlock : HostPlace::kStub;
    if (block) sample.guest = {block->key.eip, modes_[block->key.mode].user(), {}};
}

}  // namespace seventeen::translator
