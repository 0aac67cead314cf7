// Function scanner: what counts as a function, and how long it is.
#include "tests/style/function_scanner.h"

#include <catch2/catch.hpp>

namespace seventeen::style {

namespace {

std::vector<Function> functions(std::string_view text) {
    return outline(SourceFile("core/sample.cpp", text)).functions;
}

}  // namespace

TEST_CASE("functions are found in namespaces and types, with their lines") {
    const auto found = functions(R"(// A comment with { a brace.
namespace seventeen {
namespace {
struct [[nodiscard]] Sample final : public Base<int> {
    explicit Sample(int a, std::map<int, int> b = {1, 2}) : a_{a}, b_(b) {
        use(a);
    }
    bool operator()(int x) const { return x; }
  private:
    int a_ = 3;
    std::array<int, 3> list{1, 2, 3};
};
}  // namespace
template <typename T, typename U = std::pair<int, int>>
U Sample::convert(T value) const {
    if (value) {
        const char* text = "}{\"";
        return [&] { return '{'; }();
    }
    return {};
}
constexpr auto kTable = std::to_array({1, 2, 3});
int after() { return 1'000'000; }
}
)");
    REQUIRE(found.size() == 4);
    CHECK(found[0].name == "Sample");
    CHECK(found[0].parameters == 2);
    CHECK(found[0].line == 5);
    CHECK(found[0].body_lines == 3);
    CHECK(found[1].name == "operator()");
    CHECK(found[1].parameters == 1);
    CHECK(found[2].name == "Sample::convert");
    CHECK(found[2].line == 15);
    CHECK(found[2].body_lines == 7);
    CHECK(found[3].name == "after");
    CHECK(found[3].body_lines == 1);
}

TEST_CASE("declarations have parameters but no lines; values are neither") {
    const auto found = functions(R"(
void none();
virtual Fault many(int a, std::function<void(int, int)> b, const T (&c)[4], D<1, 2> d) = 0;
using Handler = Fault (*)(Cpu& cpu, const Operation& operation);
std::function<void(int, int)> callback;
const int value = compute(1, 2, 3);
static_assert(sizeof(int) == 4, "a message, with a comma");
)");
    REQUIRE(found.size() == 3);
    CHECK(found[0].name == "none");
    CHECK(found[0].parameters == 0);
    CHECK(found[1].name == "many");
    CHECK(found[1].parameters == 4);
    CHECK(found[1].body_lines == 0);
    CHECK(found[2].name == "static_assert");
}

TEST_CASE("case labels are counted, words that look like them are not") {
    const auto found = functions(R"(
int dispatch(int x) {
    switch (x) {
        case 1: return 2;
        case 2:
            return in_case;
        default: return 0;
    }
}
)");
    REQUIRE(found.size() == 1);
    CHECK(found[0].case_lines == 3);
    CHECK(found[0].body_lines == 8);
}

TEST_CASE("namespaces know whether they are outermost") {
    const auto found = outline(SourceFile("core/x.h",
                                          "namespace a::b {\nnamespace {\n}\n}\n"
                                          "inline namespace c {}\n"))
                           .namespaces;
    REQUIRE(found.size() == 3);
    CHECK(found[0].name == "a::b");
    CHECK(found[0].outermost);
    CHECK(found[1].name.empty());
    CHECK_FALSE(found[1].outermost);
    CHECK(found[2].name == "c");
    CHECK(found[2].line == 5);
}

}  // namespace seventeen::style
