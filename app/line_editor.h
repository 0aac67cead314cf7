// LineEditor: one line of text being typed in a terminal, with history and completion.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seventeen::app {

class LineEditor {
  public:
    // The words that the last word of a line may become.
    using Completer = std::function<std::vector<std::string>(std::string_view line)>;

    LineEditor(std::string prompt, Completer completer)
        : prompt_(std::move(prompt)), completer_(std::move(completer)) {}

    // What was typed, byte by byte; a line once it is finished.
    std::optional<std::string> feed(char byte);
    // What the terminal is to show of it since the last call.
    std::string take_echo() { return std::exchange(echo_, {}); }
    // Shows prompt and line, on a row that holds nothing else.
    void draw();
    void set_width(unsigned columns) { width_ = columns; }

  private:
    std::optional<std::string> control(char byte);
    void sequence(char byte);
    void edit(char final);
    void insert(std::string_view text);
    void erase(std::size_t first, std::size_t end);
    void recall(std::size_t entry);
    void complete();
    std::string finish();
    std::size_t before(std::size_t place) const;
    std::size_t after(std::size_t place) const;
    std::size_t word_start() const;

    std::string prompt_;
    Completer completer_;
    std::string line_;
    std::size_t cursor_ = 0;  // bytes before it
    std::string escape_;      // a sequence that has begun
    std::string echo_;
    std::vector<std::string> history_;
    std::size_t recalled_ = 0;  // history_.size(): the line that is being written
    std::string written_;       // that line, while another is shown
    unsigned width_ = 80;
};

}  // namespace seventeen::app
