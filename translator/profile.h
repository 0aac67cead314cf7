// Profile: samples of what a thread did, counted by occupation, and the guest code that was behind
// them. A signal handler adds to it: nothing is allocated, and nothing is ever removed.
#pragma once

#include <array>
#include <vector>

#include "core/occupation.h"
#include "core/types.h"
#include "decoder/mnemonic.h"

namespace seventeen::translator {

// Guest code that a sample met.
struct GuestPlace {
    u32 eip = 0;  // of a block, or of an instruction that translated code called out for
    bool user = false;
    decoder::Mnemonic mnemonic = decoder::Mnemonic::kInvalid;  // of such an instruction

    bool operator==(const GuestPlace&) const = default;
};

// Where a host instruction lies.
enum class HostPlace : u8 { kBlock, kStub, kElsewhere };

struct Sample {
    Occupation occupation = Occupation::kHost;
    HostPlace host = HostPlace::kElsewhere;
    GuestPlace guest;
    bool in_callout = false;  // `guest` is the instruction that translated code has called out for
    u64 weight = 1;           // in units of the profiler's interval
    bool kernel = false;      // the time went by in the host's kernel
};

// What a sample counts as: translated code itself is told from the ways in and out of it.
Occupation occupation_of(const Sample& sample);
// What calling out for an instruction counts as.
Occupation callout_occupation(const decoder::Row& row);

class Profile {
  public:
    struct Share {
        u64 samples = 0;
        u64 kernel = 0;  // of these, in the host's kernel
    };
    struct Spot {
        GuestPlace place;
        u64 samples = 0;
    };
    // A table of fixed size, by address.
    class Spots {
      public:
        void add(const GuestPlace& place, u64 weight);
        std::vector<Spot> hottest(std::size_t most) const;
        u64 lost() const { return lost_; }  // samples for which there was no room

      private:
        static constexpr std::size_t kSlots = 4096;
        static constexpr std::size_t kTries = 64;

        std::array<Spot, kSlots> slots_{};
        u64 lost_ = 0;
    };

    void add(const Sample& sample);

    const Share& share(Occupation occupation) const {
        return shares_[static_cast<std::size_t>(occupation)];
    }
    Share total() const;
    const Spots& blocks() const { return blocks_; }
    const Spots& callouts() const { return callouts_; }  // with all that they lead to

  private:
    std::array<Share, static_cast<std::size_t>(Occupation::kCount)> shares_{};
    Spots blocks_;
    Spots callouts_;
};

}  // namespace seventeen::translator
