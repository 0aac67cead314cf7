// Generator: random cases, each instruction played on the host CPU before the next is chosen.
#pragma once

#include "tests/oracle/catalogue.h"
#include "tests/oracle/scene.h"

namespace seventeen::oracle {

class Generator {
  public:
    Generator(const decoder::Decoder& decoder, NativeCpu& host);

    const Catalogue& catalogue() const { return catalogue_; }
    // Takes all instructions from one family; without it, from all of them evenly.
    void restrict_to(const Catalogue::Family* family) { only_ = family; }

    // Makes a case that depends on `seed` (and the restriction) alone.
    void make(u64 seed, Case& into);

  private:
    Draft draft_instruction(Scene& scene) const;
    void decorate(Random& random, Draft& draft) const;
    void lengthen(Random& random, Draft& draft) const;
    bool decode(Draft& draft) const;
    void land_branches(Random& random, Case& test) const;

    const decoder::Decoder& decoder_;
    NativeCpu& host_;
    Catalogue catalogue_;
    const Catalogue::Family* only_ = nullptr;
    MemoryImage background_;
};

}  // namespace seventeen::oracle
