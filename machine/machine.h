// Machine: what a front end sees of any board.
#pragma once

#include "machine/platform.h"

namespace seventeen::machine {

class Machine {
  public:
    virtual ~Machine() = default;
    virtual Platform& platform() = 0;
    virtual const Platform& platform() const = 0;
};

}  // namespace seventeen::machine
