// What `info jit` says about the engine that runs the CPU.
#pragma once

#include <string>

#include "core/engine.h"

namespace seventeen::app {

std::string describe_engine(const Engine& engine);

}  // namespace seventeen::app
