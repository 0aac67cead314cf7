// Occupations nest, and belong to one thread.
#include "core/occupation.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>

namespace seventeen {

TEST_CASE("An occupation lasts as long as its scope") {
    CHECK(Occupied::current() == Occupation::kHost);
    {
        const Occupied outer(Occupation::kCode);
        CHECK(Occupied::current() == Occupation::kCode);
        try {
            const Occupied inner(Occupation::kDevices);
            CHECK(Occupied::current() == Occupation::kDevices);
            throw std::runtime_error("out");
        } catch (const std::runtime_error&) {
        }
        CHECK(Occupied::current() == Occupation::kCode);
        Occupation elsewhere = Occupation::kCode;
        std::thread([&] { elsewhere = Occupied::current(); }).join();
        CHECK(elsewhere == Occupation::kHost);
    }
    CHECK(Occupied::current() == Occupation::kHost);
}

}  // namespace seventeen
