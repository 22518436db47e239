// Reads a file of process lists through for damage, in one transaction of a read-only connection of its own: beside a
// running collector too. Any thread, any process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "server/processes/row.h"

namespace vedette::processes {

struct Checked {
  std::uint64_t lists = 0;  ///< looked at, damaged ones included
  struct Damage {
    std::optional<domain::HostNumber> host{};  ///< none: the file itself
    units::Instant at{};
    std::string words;
  };
  std::vector<Damage> damage;
};

/// `day`: the file's name. `immutable`: nobody writes it meanwhile. An error is one that kept it from looking (`io`).
[[nodiscard]] units::Result<Checked> check_lists(const std::filesystem::path& file, Day day, bool immutable);

}  // namespace vedette::processes
