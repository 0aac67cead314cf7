// What `--profile` prints: where the host's CPU time went.
#pragma once

#include <string>

#include "translator/profile.h"

namespace seventeen::app {

// A sample's weight is a millisecond.
std::string describe_profile(const translator::Profile& profile);

}  // namespace seventeen::app
