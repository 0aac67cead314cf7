// Follows the braces of a C++ file.
#include "tests/style/function_scanner.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace seventeen::style {

namespace {

bool identifier(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \n\t");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \n\t") - first + 1);
}

// Where the bracket at `open` is closed, or the end of the text.
std::size_t closing(const std::string& text, std::size_t open, char up, char down) {
    std::size_t depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
        if (text[i] == up) ++depth;
        if (text[i] == down && --depth == 0) return i;
    }
    return text.size();
}

// Drops what may precede a declaration and has brackets of its own.
std::string without_prefixes(std::string text) {
    static const std::regex kNoise(R"(\[\[[^\]]*\]\]|\b(alignas|explicit|decltype)\s*\([^()]*\))");
    text = trimmed(std::regex_replace(text, kNoise, " "));
    while (text.starts_with("template")) {
        const std::size_t open = text.find('<');
        if (open == std::string::npos) break;
        text = trimmed(text.substr(std::min(closing(text, open, '<', '>') + 1, text.size())));
    }
    return text;
}

// The position of the first `wanted` outside all brackets, or npos.
std::size_t find_outside(const std::string& text, char wanted) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (depth == 0 && c == wanted) return i;
        if (c == '(' || (c == '<' && i > 0 && identifier(text[i - 1]))) ++depth;
        if ((c == ')' || c == '>') && depth > 0 && (i == 0 || text[i - 1] != '-')) --depth;
    }
    return std::string::npos;
}

// Where the parameter list opens: the first parenthesis outside template arguments.
std::size_t parameter_list(const std::string& declaration) {
    const std::size_t call = declaration.find("operator()");
    const std::size_t skip = call == std::string::npos ? 0 : call + 10;
    const std::size_t found = find_outside(declaration.substr(skip), '(');
    return found == std::string::npos ? found : found + skip;
}

std::string name_before(const std::string& declaration, std::size_t open) {
    const std::string head = trimmed(declaration.substr(0, open));
    std::size_t start = head.size();
    while (start > 0 && !std::isspace(static_cast<unsigned char>(head[start - 1]))) --start;
    return head.substr(start);
}

std::size_t count_parameters(const std::string& declaration, std::size_t open) {
    const std::size_t close = closing(declaration, open, '(', ')');
    const std::string list = trimmed(declaration.substr(open + 1, close - open - 1));
    if (list.empty() || list == "void") return 0;
    std::size_t count = 1;
    int depth = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const char c = list[i];
        if (c == '(' || c == '{' || c == '[' || c == '<') ++depth;
        if (c == ')' || c == '}' || c == ']' || (c == '>' && list[i - 1] != '-')) --depth;
        if (c == ',' && depth == 0) ++count;
    }
    return count;
}

// Is the brace that follows `statement` a member's initialiser, as in `X() : a_{1}`?
bool opens_member_initialiser(const std::string& statement, std::size_t open) {
    const std::size_t close = closing(statement, open, '(', ')');
    for (std::size_t i = close; i + 1 < statement.size(); ++i) {
        if (statement[i] != ':') continue;
        if (statement[i + 1] != ':') return identifier(statement.back()) || statement.back() == '>';
        ++i;
    }
    return false;
}

class Scanner {
  public:
    explicit Scanner(const SourceFile& file) {
        for (const std::string& line : file.code) text_ += line + "\n";
    }

    Outline run() {
        for (; at_ < text_.size(); ++at_) step(text_[at_]);
        return std::move(outline_);
    }

  private:
    void step(char c) {
        if (c == '\n') ++line_;
        if (c == '(')
            skip_to(closing(text_, at_, '(', ')'));
        else if (c == '{')
            open_brace();
        else if (c == '}')
            close_brace();
        else if (c == ';')
            end_of_declaration();
        else
            statement_ += c;
        const std::string label = trimmed(statement_);
        if (label == "public:" || label == "private:" || label == "protected:") statement_.clear();
    }

    // Moves on to `end`, which stays part of the statement.
    void skip_to(std::size_t end) {
        end = std::min(end, text_.size() - 1);
        statement_ += text_.substr(at_, end - at_ + 1);
        line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<long>(at_),
                                                     text_.begin() + static_cast<long>(end), '\n'));
        at_ = end;
    }

    void open_brace() {
        static const std::regex kType(R"(^((static|inline|constexpr|typedef|export|const)\s+)*)"
                                      R"((class|struct|union|enum)\b)");
        static const std::regex kNamespace(R"(^(inline\s+)?namespace\b\s*([\w:]*)$)");
        const std::string statement = without_prefixes(statement_);
        std::smatch match;
        if (std::regex_search(statement, match, kNamespace)) {
            outline_.namespaces.push_back({match[2], line_, depth_ == 0});
            return enter();
        }
        if (std::regex_search(statement, kType) || statement.starts_with("extern")) return enter();
        const std::size_t open = parameter_list(statement);
        const std::size_t assignment = find_outside(statement, '=');
        const bool is_operator = statement.find("operator") != std::string::npos;
        const bool initialised = assignment != std::string::npos && !is_operator;
        if (open == std::string::npos || initialised || opens_member_initialiser(statement, open))
            return skip_to(closing(text_, at_, '{', '}'));
        function_body(statement, open);
    }

    void enter() {
        ++depth_;
        statement_.clear();
    }

    void close_brace() {
        if (depth_ > 0) --depth_;
        statement_.clear();
    }

    void function_body(const std::string& statement, std::size_t open) {
        Function function;
        function.name = name_before(statement, open);
        function.parameters = count_parameters(statement, open);
        function.line = line_;
        const std::size_t first = at_;
        skip_to(closing(text_, at_, '{', '}'));
        function.body_lines = line_ - function.line + 1;
        function.case_lines = count_cases(text_.substr(first, at_ - first));
        outline_.functions.push_back(function);
        statement_.clear();
    }

    static std::size_t count_cases(const std::string& body) {
        static const std::regex kCase(R"(\n\s*(case\b|default\s*:))");
        return static_cast<std::size_t>(
            std::distance(std::sregex_iterator(body.begin(), body.end(), kCase), {}));
    }

    void end_of_declaration() {
        const std::string statement = without_prefixes(statement_);
        statement_.clear();
        const std::size_t open = parameter_list(statement);
        if (open == std::string::npos || open == 0 || find_outside(statement, '=') < open) return;
        Function function;
        function.name = name_before(statement, open);
        function.parameters = count_parameters(statement, open);
        function.line = line_;
        outline_.functions.push_back(function);
    }

    std::string text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t depth_ = 0;
    std::string statement_;
    Outline outline_;
};

}  // namespace

Outline outline(const SourceFile& file) {
    return Scanner(file).run();
}

}  // namespace seventeen::style
