# cmake -DBINARY=FILE -DSOURCE=FILE -DNAME=kName -P embed.cmake: a C++ source that holds a file's bytes.
file(READ ${BINARY} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${SOURCE} "// Made from ${BINARY}.
#include <span>

#include \"core/types.h\"

namespace seventeen::machine {

extern const std::span<const u8> ${NAME};

namespace {

constexpr u8 kBytes[] = {${bytes}};

}  // namespace

constinit const std::span<const u8> ${NAME}(kBytes);

}  // namespace seventeen::machine
")
