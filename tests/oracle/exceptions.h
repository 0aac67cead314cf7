// Exceptions: the documented differences between the host CPU and our guest that are not errors.
#pragma once

#include <span>
#include <string_view>

#include "tests/oracle/compare.h"

namespace seventeen::oracle {

struct Exception {
    std::string_view name;
    std::string_view reason;
    // Is this the whole difference between the runs?
    bool (*explains)(const Case& test, const Result& host, const Result& guest);
};

std::span<const Exception> exceptions();

// The row that explains the difference, or nullptr.
const Exception* find_exception(const Case& test, const Result& host, const Result& guest);

}  // namespace seventeen::oracle
