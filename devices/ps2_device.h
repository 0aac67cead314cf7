// Ps2Device: what hangs on a port of the keyboard controller: takes commands, has bytes to send.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>

#include "core/snapshot.h"

namespace seventeen::devices {

class Ps2Device {
  public:
    virtual ~Ps2Device() = default;

    // A byte from the host. Whatever was still to be answered is not answered any more.
    void receive(u8 byte) {
        replies_.clear();
        command(byte);
    }
    bool has_output() const { return !replies_.empty() || !events_.empty(); }
    // Replies come before keys and movements.
    u8 take_output() {
        std::deque<u8>& queue = replies_.empty() ? events_ : replies_;
        last_sent_ = queue.front();
        queue.pop_front();
        return last_sent_;
    }
    void on_output(std::function<void()> listener) { listener_ = std::move(listener); }

    virtual void reset() = 0;
    virtual void save(Writer& writer) const = 0;
    virtual void restore(Reader& reader) = 0;

  protected:
    static constexpr u8 kAcknowledge = 0xfa;
    static constexpr u8 kResend = 0xfe;
    static constexpr u8 kSelfTestPassed = 0xaa;

    virtual void command(u8 byte) = 0;

    void reply(std::initializer_list<u8> bytes) { append(replies_, bytes); }
    void acknowledge() { reply({kAcknowledge}); }
    void resend_last() { reply({last_sent_}); }
    template <typename Bytes>
    void send(const Bytes& bytes) {
        append(events_, bytes);
    }
    std::size_t unsent() const { return events_.size(); }
    void clear_unsent() { events_.clear(); }
    void clear_output() {
        replies_.clear();
        events_.clear();
        last_sent_ = 0;
    }

    void save_output(Writer& writer) const {
        for (const std::deque<u8>* queue : {&replies_, &events_}) {
            writer.put(static_cast<u32>(queue->size()));
            for (const u8 byte : *queue) writer.put(byte);
        }
        writer.put(last_sent_);
    }
    void restore_output(Reader& reader) {
        for (std::deque<u8>* queue : {&replies_, &events_}) {
            queue->clear();
            for (u32 left = reader.get<u32>(); left != 0; --left)
                queue->push_back(reader.get<u8>());
        }
        reader.get(last_sent_);
    }

  private:
    template <typename Bytes>
    void append(std::deque<u8>& queue, const Bytes& bytes) {
        queue.insert(queue.end(), bytes.begin(), bytes.end());
        if (listener_) listener_();
    }

    std::deque<u8> replies_;
    std::deque<u8> events_;
    u8 last_sent_ = 0;
    std::function<void()> listener_;
};

}  // namespace seventeen::devices
