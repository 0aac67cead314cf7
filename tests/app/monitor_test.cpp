// The monitor's lines: names, help, arguments, mistakes, completion.
#include "app/monitor.h"

#include <catch2/catch.hpp>

#include "app/monitor_command.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

using Words = std::vector<std::string>;

TEST_CASE("A line without words does nothing") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("").empty());
    CHECK(monitor.execute("  \t ").empty());
}

TEST_CASE("Help lists every command, one of them, and the subjects of info") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    const std::string help = "\n" + monitor.execute("help");
    for (const auto& table : {control_commands(), memory_commands()})
        for (const Command& command : table)
            CHECK(help.find("\n" + std::string(command.names) + " ") != std::string::npos);
    CHECK("\n" + monitor.execute("?") == help);
    CHECK(monitor.execute("help quit") == monitor.execute("help q"));
    CHECK_THAT(monitor.execute("help quit"), Catch::StartsWith("quit|q "));
    const std::string info = monitor.execute("info");
    CHECK(monitor.execute("help info") == info);
    for (const auto& table : {info_commands(), interrupts_commands(), maps_commands()})
        for (const Command& command : table)
            CHECK(info.find("info " + std::string(command.names) + " ") != std::string::npos);
}

TEST_CASE("Mistakes are one clear line") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("frobnicate 1") ==
          "there is no command 'frobnicate'; 'help' lists what there is\n");
    CHECK(monitor.execute("help frobnicate") == "there is no command 'frobnicate'\n");
    CHECK_THAT(monitor.execute("info nonsense"), Catch::StartsWith("there is no 'info nonsense'"));
    CHECK(monitor.execute("quit now") == "'now' is too much; see 'help'\n");
    CHECK(monitor.execute("screendump") == "the file's name is missing\n");
    CHECK(monitor.execute("x") == "the address is missing\n");
    CHECK_THAT(monitor.execute("x /4z 0"), Catch::StartsWith("there is no format 'z'"));
    CHECK_THAT(monitor.execute("x /0x 0"), Catch::Contains("count is from 1"));
    CHECK_THAT(monitor.execute("x /99999999999x 0"), Catch::Contains("count is from 1"));
    CHECK_FALSE(monitor.quit_requested());
}

TEST_CASE("Formats may touch the command's name") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("print /x 255") == "0xff\n");
    CHECK(monitor.execute("print/x 255") == "0xff\n");
    CHECK(monitor.execute("  p/x   255  \r\n") == "0xff\n");
}

TEST_CASE("Completion knows commands and subjects") {
    IdlePc idle;
    const Monitor monitor(idle.pc);
    CHECK(monitor.completions("system_") == Words{"system_powerdown", "system_reset"});
    CHECK(monitor.completions("scr") == Words{"screendump"});
    CHECK(monitor.completions("info pi") == Words{"pic"});
    CHECK(monitor.completions("info  r") == Words{"registers", "roms"});
    CHECK(monitor.completions("help scr") == Words{"screendump"});
    CHECK(monitor.completions("zzz").empty());
    CHECK(monitor.completions("screendump scr").empty());
    CHECK(monitor.completions("").size() > 20);
}

}  // namespace seventeen::app
