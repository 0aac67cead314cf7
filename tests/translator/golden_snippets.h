// The snippets whose emitted code golden/ has: a representative set.
#pragma once

#include <vector>

#include "tests/translator/listing.h"

namespace seventeen::translator {

std::vector<Snippet> golden_snippets();

}  // namespace seventeen::translator
