// Session: many cases in a row, with an account of what differed.
#pragma once

#include <map>
#include <string>

#include "tests/oracle/generator.h"
#include "tests/oracle/runner.h"

namespace seventeen::oracle {

class Session {
  public:
    struct Options {
        u64 seed = 0;
        u64 first = 0;  // number of the first case
        u64 count = 0;
        u64 stop_after = 20;  // differing cases
        bool verbose = false;
    };

    Session(const decoder::Decoder& decoder, Generator& generator, Runner& runner);

    // Prints what differs as it comes; the last line is "N cases, D differences".
    // Returns D.
    u64 run(const Options& options);

  private:
    void report(const Options& options, u64 number, const Case& test);
    void print_case(const std::string& title, const Case& test);
    void print_account(const Options& options) const;
    std::string name_of(const Case& test, const Bytes& bytes) const;
    bool only_undefined_flags(const Case& test, const Bytes& bytes,
                              const std::vector<Difference>& found) const;

    const decoder::Decoder& decoder_;
    Generator& generator_;
    Runner& runner_;
    u64 compared_ = 0;
    u64 hung_ = 0;
    u64 different_ = 0;
    std::map<std::string, u64> groups_;   // differing cases by first differing instruction
    std::map<std::string, u64> excused_;  // by exception
    std::map<unsigned, u64> vectors_;     // how cases ended; 256: at their exit
};

}  // namespace seventeen::oracle
