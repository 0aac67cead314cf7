// Who receives a message: all that are addressed, or the least busy of them.
#include "devices/apic_bus.h"

namespace seventeen::devices {

// Of several equally busy CPUs the one attached first takes a lowest-priority message (SDM 3A
// 10.6.2.4 leaves it to the arbitration).
template <typename Addressed>
bool ApicBus::distribute(const InterruptMessage& message, Addressed&& addressed) {
    const bool one_only = message.delivery == DeliveryMode::kLowestPriority;
    Agent* least_busy = nullptr;
    bool accepted = false;
    for (Agent* agent : agents_) {
        if (!addressed(*agent) || !agent->accepts(message)) continue;
        accepted = true;
        if (!one_only)
            agent->accept(message);
        else if (!least_busy || agent->arbitration_priority() < least_busy->arbitration_priority())
            least_busy = agent;
    }
    if (least_busy) least_busy->accept(message);
    return accepted;
}

bool ApicBus::deliver(const InterruptMessage& message) {
    return distribute(message, [&](const Agent& agent) { return agent.addressed_by(message); });
}

bool ApicBus::deliver_to_others(const Agent& sender, const InterruptMessage& message) {
    return distribute(message, [&](const Agent& agent) { return &agent != &sender; });
}

void ApicBus::end_of_interrupt(u8 vector) {
    for (const EndOfInterrupt& listener : listeners_) listener(vector);
}

}  // namespace seventeen::devices
