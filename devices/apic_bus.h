// ApicBus: carries interrupt messages to the local APICs they address, and their EOIs back.
//
// It is wiring and has no state of its own: the board attaches every APIC once.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "devices/interrupt_message.h"

namespace seventeen::devices {

class ApicBus final : public InterruptMessageTarget {
  public:
    // A local APIC as the bus sees it.
    class Agent {
      public:
        virtual ~Agent() = default;
        virtual bool addressed_by(const InterruptMessage& message) const = 0;
        // Whether it would take the message now; asked only of those it addresses.
        virtual bool accepts(const InterruptMessage& message) const = 0;
        // Of what its CPU is doing: the lowest takes a lowest-priority message.
        virtual unsigned arbitration_priority() const = 0;
        virtual void accept(const InterruptMessage& message) = 0;
    };
    using EndOfInterrupt = std::function<void(u8 vector)>;

    void attach(Agent& agent) { agents_.push_back(&agent); }
    // An I/O APIC hears the EOI of every level-triggered interrupt (SDM 3A 10.8.5).
    void attach_listener(EndOfInterrupt listener) { listeners_.push_back(std::move(listener)); }

    bool deliver(const InterruptMessage& message) override;
    // "All excluding self": everybody but the sender, whatever the destination.
    bool deliver_to_others(const Agent& sender, const InterruptMessage& message);
    void end_of_interrupt(u8 vector);

  private:
    template <typename Addressed>
    bool distribute(const InterruptMessage& message, Addressed&& addressed);

    std::vector<Agent*> agents_;
    std::vector<EndOfInterrupt> listeners_;
};

}  // namespace seventeen::devices
