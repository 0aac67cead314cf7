// What `info jit` says about the engine that runs the CPU.
#pragma once

#include <string>

#include "core/engine.h"
#include "translator/statistics.h"

namespace seventeen::app {

std::string describe_engine(const Engine& engine);

std::string describe_translator(const translator::Statistics& statistics,
                                const translator::Census& census);

}  // namespace seventeen::app
