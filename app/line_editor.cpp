// Editing keys of Emacs' kind and the cursor keys of terminals.
#include "app/line_editor.h"

#include <algorithm>
#include <utility>

namespace seventeen::app {

namespace {

constexpr std::size_t kLongestHistory = 200;
constexpr char kEscape = '\x1b';
constexpr char kDelete = '\x7f';

constexpr char control_key(char letter) {
    return static_cast<char>(letter & 0x1f);
}

// The second and later bytes of a character in UTF-8.
bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); }));
}

std::string common_start(const std::vector<std::string>& words) {
    std::string start = words.front();
    for (const std::string& word : words) {
        const auto end = std::mismatch(start.begin(), start.end(), word.begin(), word.end()).first;
        start.erase(end, start.end());
    }
    return start;
}

}  // namespace

std::optional<std::string> LineEditor::feed(char byte) {
    if (!escape_.empty())
        sequence(byte);
    else if (byte == kEscape)
        escape_ = byte;
    else if (static_cast<unsigned char>(byte) < ' ' || byte == kDelete)
        return control(byte);
    else
        insert({&byte, 1});
    return std::nullopt;
}

std::optional<std::string> LineEditor::control(char byte) {
    switch (byte) {
        case '\r':
        case '\n': return finish();
        case '\t': complete(); break;
        case '\b':
        case kDelete: erase(before(cursor_), cursor_); break;
        case control_key('A'): edit('H'); break;
        case control_key('B'): edit('D'); break;
        case control_key('D'): erase(cursor_, after(cursor_)); break;
        case control_key('E'): edit('F'); break;
        case control_key('F'): edit('C'); break;
        case control_key('K'): erase(cursor_, line_.size()); break;
        case control_key('L'):
            echo_ += "\x1b[H\x1b[2J";
            draw();
            break;
        case control_key('N'): edit('B'); break;
        case control_key('P'): edit('A'); break;
        case control_key('U'): erase(0, cursor_); break;
        case control_key('W'): erase(word_start(), cursor_); break;
        default: break;
    }
    return std::nullopt;
}

// ESC [ … final or ESC O final; others mean nothing here.
void LineEditor::sequence(char byte) {
    escape_ += byte;
    if (escape_.size() == 2 && (byte == '[' || byte == 'O')) return;
    const bool final = escape_.size() == 2 || byte >= '@';
    if (!final) return;
    const std::string whole = std::exchange(escape_, {});
    if (whole.size() == 3) return edit(byte);
    if (whole == "\x1b[3~") return erase(cursor_, after(cursor_));
    if (whole == "\x1b[1~" || whole == "\x1b[7~") return edit('H');
    if (whole == "\x1b[4~" || whole == "\x1b[8~") return edit('F');
}

// The cursor keys by the letters of their sequences.
void LineEditor::edit(char final) {
    switch (final) {
        case 'A':
            if (recalled_ > 0) recall(recalled_ - 1);
            break;
        case 'B':
            if (recalled_ < history_.size()) recall(recalled_ + 1);
            break;
        case 'C': cursor_ = after(cursor_); break;
        case 'D': cursor_ = before(cursor_); break;
        case 'F': cursor_ = line_.size(); break;
        case 'H': cursor_ = 0; break;
        default: return;
    }
    draw();
}

void LineEditor::insert(std::string_view text) {
    line_.insert(cursor_, text);
    cursor_ += text.size();
    draw();
}

void LineEditor::erase(std::size_t first, std::size_t end) {
    line_.erase(first, end - first);
    cursor_ = first;
    draw();
}

void LineEditor::recall(std::size_t entry) {
    if (recalled_ == history_.size()) written_ = line_;
    recalled_ = entry;
    line_ = entry == history_.size() ? written_ : history_[entry];
    cursor_ = line_.size();
}

// Completes what stands before the cursor; where several words fit, lists them.
void LineEditor::complete() {
    const std::string head = line_.substr(0, cursor_);
    const std::vector<std::string> words = completer_(head);
    if (words.empty()) return;
    const std::size_t typed = head.size() - std::min(head.size(), head.rfind(' ') + 1);
    const std::string start = common_start(words);
    if (words.size() == 1) return insert(start.substr(typed) + " ");
    if (start.size() > typed) return insert(start.substr(typed));
    echo_ += "\r\n";
    for (const std::string& word : words) echo_ += word + "  ";
    echo_ += "\r\n";
    draw();
}

std::string LineEditor::finish() {
    echo_ += "\r\n";
    std::string line = std::exchange(line_, {});
    cursor_ = 0;
    if (!line.empty() && (history_.empty() || history_.back() != line)) history_.push_back(line);
    if (history_.size() > kLongestHistory) history_.erase(history_.begin());
    recalled_ = history_.size();
    return line;
}

// A line that is wider than the terminal is shown from where its cursor is in sight.
void LineEditor::draw() {
    const std::size_t used = characters(prompt_) + 1;
    const std::size_t room = width_ > used ? width_ - used : 1;
    std::size_t first = 0;
    while (characters(std::string_view(line_).substr(first, cursor_ - first)) > room)
        first = after(first);
    std::size_t end = first;
    for (std::size_t shown = 0; shown < room && end < line_.size(); ++shown) end = after(end);
    echo_ += "\r\x1b[K" + prompt_ + line_.substr(first, end - first);
    const std::size_t back = characters(std::string_view(line_).substr(cursor_, end - cursor_));
    if (back != 0) echo_ += "\x1b[" + std::to_string(back) + "D";
}

std::size_t LineEditor::before(std::size_t place) const {
    if (place == 0) return 0;
    do --place;
    while (place > 0 && is_continuation(line_[place]));
    return place;
}

std::size_t LineEditor::after(std::size_t place) const {
    if (place == line_.size()) return place;
    do ++place;
    while (place < line_.size() && is_continuation(line_[place]));
    return place;
}

std::size_t LineEditor::word_start() const {
    std::size_t place = cursor_;
    while (place > 0 && line_[place - 1] == ' ') --place;
    while (place > 0 && line_[place - 1] != ' ') --place;
    return place;
}

}  // namespace seventeen::app
