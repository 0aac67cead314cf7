// Colours, cursor movements and text, as few as turn one grid into another.
#include "app/terminal_grid.h"

#include "core/check.h"

namespace seventeen::app {

namespace {

constexpr unsigned kForeground = 30;
constexpr unsigned kBackground = 40;

std::string control(const std::string& parameters, char final) {
    return "\x1b[" + parameters + final;
}

// Writes cells one after another, and moves and changes colour only where it must.
class Pen {
  public:
    explicit Pen(unsigned columns) : columns_(columns) {}

    void put(GridPlace place, const GridCell& cell) {
        if (place_ != place) move(place);
        dip(cell.paint);
        text_ += cell.glyph;
        ++place.column;
        // Behind the last column terminals differ in where they are.
        place_ = place.column < columns_ ? std::optional(place) : std::nullopt;
    }

    void move(GridPlace place) {
        text_ +=
            control(std::to_string(place.row + 1) + ";" + std::to_string(place.column + 1), 'H');
        place_ = place;
    }

    void show_cursor(bool shown) { text_ += control("?25", shown ? 'h' : 'l'); }

    std::string text_;

  private:
    void dip(const Paint& paint) {
        std::string parameters;
        const auto add = [&parameters](const std::string& more) {
            parameters += (parameters.empty() ? "" : ";") + more;
        };
        if (!paint_) add("0");
        const Paint old = paint_.value_or(Paint{});
        if (old.blinks != paint.blinks) add(paint.blinks ? "5" : "25");
        if (old.foreground != paint.foreground) add(paint.foreground.parameters(kForeground));
        if (old.background != paint.background) add(paint.background.parameters(kBackground));
        if (!parameters.empty()) text_ += control(parameters, 'm');
        paint_ = paint;
    }

    unsigned columns_;
    std::optional<GridPlace> place_;
    std::optional<Paint> paint_;
};

std::size_t utf8_length(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<u8>(text[length]) & 0xc0) == 0x80) ++length;
    return length;
}

}  // namespace

std::string Colour::parameters(unsigned base) const {
    constexpr unsigned kBright = 8;
    constexpr unsigned kBrightOffset = 60;
    if (value_ == kTerminal) return std::to_string(base + 9);
    if ((value_ & kRgb) != 0)
        return std::to_string(base + 8) + ";2;" + std::to_string(value_ >> 16 & 0xff) + ";" +
               std::to_string(value_ >> 8 & 0xff) + ";" + std::to_string(value_ & 0xff);
    return std::to_string(value_ < kBright ? base + value_
                                           : base + kBrightOffset + value_ - kBright);
}

void TerminalGrid::fill_row(unsigned row, std::string_view text, const Paint& paint) {
    for (unsigned column = 0; column < size_.columns; ++column) {
        const std::size_t length = text.empty() ? 0 : utf8_length(text);
        at({column, row}) = {length == 0 ? " " : std::string(text.substr(0, length)), paint};
        text.remove_prefix(length);
    }
}

std::string clearing() {
    return control("0", 'm') + control("2", 'J') + control("?25", 'l');
}

std::string difference(const TerminalGrid& shown, const TerminalGrid& wanted) {
    const TerminalSize size = wanted.size();
    check(shown.size() == size, "grids that are compared have one size");
    Pen pen(size.columns);
    for (unsigned row = 0; row < size.rows; ++row)
        for (unsigned column = 0; column < size.columns; ++column)
            if (const GridCell& cell = wanted.at({column, row}); cell != shown.at({column, row}))
                pen.put({column, row}, cell);
    // Whoever writes moves the cursor.
    if (wanted.cursor && (!pen.text_.empty() || shown.cursor != wanted.cursor))
        pen.move(*wanted.cursor);
    if (wanted.cursor.has_value() != shown.cursor.has_value())
        pen.show_cursor(wanted.cursor.has_value());
    return std::move(pen.text_);
}

}  // namespace seventeen::app
