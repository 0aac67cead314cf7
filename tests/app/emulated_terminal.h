// EmulatedTerminal: obeys escape codes as a terminal does, so that tests see what a user sees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seventeen::app {

// Knows what we send, no more: H J K D m, some modes, \r \n \b, text in UTF-8. Wraps
// no lines: what runs over the right edge is lost, as it would be a mistake.
class EmulatedTerminal {
  public:
    EmulatedTerminal(unsigned columns, unsigned rows)
        : columns_(columns),
          cells_(rows, std::vector<std::string>(columns, " ")),
          paints_(rows, std::vector<std::string>(columns)) {}

    void write(std::string_view codes) {
        while (!codes.empty()) codes.remove_prefix(obey(codes));
    }
    // A row without the blanks at its end.
    std::string row(unsigned number) const {
        std::string text;
        for (const std::string& cell : cells_[number]) text += cell;
        text.resize(text.find_last_not_of(' ') + 1);
        return text;
    }
    const std::string& cell(unsigned column, unsigned row) const { return cells_[row][column]; }
    // The parameters of all SGRs since the last reset: "31;44".
    const std::string& paint(unsigned column, unsigned row) const { return paints_[row][column]; }

    unsigned column = 0;
    unsigned line = 0;
    bool cursor_shown = true;
    unsigned written = 0;  // cells
    bool clean = true;     // nothing came that it does not know, or that left the screen

  private:
    std::size_t obey(std::string_view codes) {
        if (codes[0] == '\x1b') return obey_sequence(codes);
        if (codes[0] == '\r') return column = 0, 1;
        if (codes[0] == '\n') return feed_line(), 1;
        if (codes[0] == '\b') return --column, 1;
        std::size_t length = 1;
        while (length < codes.size() && (codes[length] & 0xc0) == 0x80) ++length;
        if (column >= columns_ || line >= cells_.size()) {
            clean = false;
        } else {
            cells_[line][column] = codes.substr(0, length);
            paints_[line][column] = foreground_ + background_ + other_;
            ++written;
            ++column;
        }
        return length;
    }

    void feed_line() {
        if (line + 1 < cells_.size()) {
            ++line;
            return;
        }
        cells_.erase(cells_.begin());
        cells_.emplace_back(columns_, " ");
    }

    std::size_t obey_sequence(std::string_view codes) {
        const std::size_t end = codes.find_first_not_of("0123456789;?", 2);
        const std::string text(codes.substr(2, end - 2));
        switch (codes[end]) {
            case 'H':
                line = text.empty() ? 0 : std::stoul(text) - 1;
                column = text.empty() ? 0 : std::stoul(text.substr(text.find(';') + 1)) - 1;
                break;
            case 'J':
                for (auto& row : cells_) row.assign(columns_, " ");
                for (auto& row : paints_) row.assign(columns_, "");
                break;
            case 'K':
                for (unsigned i = column; i < columns_; ++i) cells_[line][i] = " ";
                break;
            case 'D': column -= static_cast<unsigned>(std::stoul(text)); break;
            case 'm': dip(text); break;
            case 'h':
            case 'l':
                if (text == "?25")
                    cursor_shown = codes[end] == 'h';
                else if (text != "?7" && text != "?1049")
                    clean = false;
                break;
            default: clean = false;
        }
        return end + 1;
    }

    // One group of parameters after another: "31", "48;2;1;2;3".
    void dip(std::string text) {
        while (!text.empty()) {
            std::size_t end = text.find(';');
            const bool rgb = text.starts_with("38;2;") || text.starts_with("48;2;");
            for (int i = 0; rgb && i < 4; ++i) end = text.find(';', end + 1);
            const std::string one = text.substr(0, end);
            text.erase(0, end == std::string::npos ? end : end + 1);
            const bool is_background = one[0] == '4' || one.starts_with("10");
            if (one == "0")
                foreground_ = background_ = other_ = "";
            else if (one == "5")
                other_ = "blink";
            else if (one == "25")
                other_ = "";
            else
                (is_background ? background_ : foreground_) =
                    one == "39" || one == "49" ? "" : one + " ";
        }
    }

    unsigned columns_;
    std::vector<std::vector<std::string>> cells_;
    std::vector<std::vector<std::string>> paints_;
    std::string foreground_;
    std::string background_;
    std::string other_;
};

}  // namespace seventeen::app
