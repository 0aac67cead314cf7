// The engine that lockstep compares with the interpreter.
#pragma once

#include "tests/lockstep/guest.h"
#include "translator/options.h"

namespace seventeen::lockstep {

// The translator. A program that is to prove lockstep itself defines another (faulty/).
Guest::MakeEngine tested_engine(const translator::TranslatorOptions& options);

}  // namespace seventeen::lockstep
