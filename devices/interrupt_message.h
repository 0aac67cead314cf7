// InterruptMessage: what an APIC tells others over the system bus, and who receives it.
#pragma once

#include "core/types.h"

namespace seventeen::devices {

// As ICR, local vector table and redirection entries encode it (SDM 3A 10.6.1, 10.5.1; 82093AA
// datasheet 290566, 3.2.4).
enum class DeliveryMode : u8 {
    kFixed = 0,
    kLowestPriority = 1,
    kSmi = 2,
    kReserved = 3,
    kNmi = 4,
    kInit = 5,
    kStartUp = 6,
    kExternal = 7,  // ExtINT: the 8259s are asked for the vector
};
enum class DestinationMode : u8 { kPhysical, kLogical };
enum class TriggerMode : u8 { kEdge, kLevel };

// Vectors below are the exceptions' and illegal in a message (SDM 3A 10.5.2).
inline constexpr u8 kFirstMessageVector = 16;

struct InterruptMessage {
    u8 vector = 0;
    DeliveryMode delivery = DeliveryMode::kFixed;
    DestinationMode destination_mode = DestinationMode::kPhysical;
    TriggerMode trigger = TriggerMode::kEdge;
    u8 destination = 0;
    bool operator==(const InterruptMessage&) const = default;

    // Fixed and lowest priority carry a vector that the receiver's registers hold.
    bool is_fixed() const {
        return delivery == DeliveryMode::kFixed || delivery == DeliveryMode::kLowestPriority;
    }
};

class InterruptMessageTarget {
  public:
    virtual ~InterruptMessageTarget() = default;
    // False: nobody was there to accept it.
    virtual bool deliver(const InterruptMessage& message) = 0;
};

}  // namespace seventeen::devices
