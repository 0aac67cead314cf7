// Expectations on the screen and on the serial line, and where text is typed.
#include "app/script.h"

#include <catch2/catch.hpp>

namespace seventeen::app {

namespace {

using Kind = ScriptStep::Kind;

struct Typed {
    std::vector<std::pair<Place, std::string>> texts;

    void advance(Script& script, const std::string& screen) {
        script.advance(screen, [this](Place place, const std::string& text) {
            texts.emplace_back(place, text);
        });
    }
};

void hear(Script& script, std::string_view text) {
    for (const char letter : text) script.heard(static_cast<u8>(letter));
}

}  // namespace

TEST_CASE("Text is typed where its expectation was met") {
    Script script({{Kind::kExpect, "login:"},
                   {Kind::kType, "root\n"},
                   {Kind::kExpect, "A:\\>"},
                   {Kind::kType, "ver\n"}});
    Typed typed;
    hear(script, "host log");
    typed.advance(script, "");
    CHECK(typed.texts.empty());
    CHECK(script.waiting_for() == "login:");
    hear(script, "in: ");
    typed.advance(script, "");
    REQUIRE(typed.texts.size() == 1);
    CHECK(typed.texts[0] == std::pair{Place::kSerial, std::string("root\n")});
    typed.advance(script, "A:\\>\n");
    REQUIRE(typed.texts.size() == 2);
    CHECK(typed.texts[1] == std::pair{Place::kScreen, std::string("ver\n")});
    CHECK(script.finished());
}

TEST_CASE("What met one expectation does not meet the next") {
    Script script({{Kind::kExpect, "$"}, {Kind::kExpect, "$"}});
    Typed typed;
    SECTION("on the serial line") {
        hear(script, "$");
        typed.advance(script, "");
        CHECK_FALSE(script.finished());
        hear(script, "$");
        typed.advance(script, "");
    }
    SECTION("on the screen, until it changes") {
        typed.advance(script, "$\n");
        typed.advance(script, "$\n");
        CHECK_FALSE(script.finished());
        typed.advance(script, "$ ls\n$\n");
    }
    CHECK(script.finished());
}

TEST_CASE("Text that no expectation precedes goes to the keyboard") {
    Script script({{Kind::kType, "x"}});
    Typed typed;
    typed.advance(script, "");
    REQUIRE(typed.texts.size() == 1);
    CHECK(typed.texts[0].first == Place::kScreen);
}

}  // namespace seventeen::app
