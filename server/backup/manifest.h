// What a backup's manifest.json says: which files make it up, and what they hold. Written last, in one go: a directory
// whose manifest fits its files is a whole backup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/backup/files.h"

namespace vedette::backup {

struct Entry {
  std::string name;    ///< in the data directory: "live.db", "tls/ca.key"
  std::string stored;  ///< in the backup: the same, or with a ~ if the backup before has that name still
  Sum sum;
  std::int64_t schema = 0;          ///< user_version; 0 where there is none
  std::optional<State> source;      ///< what it was copied from; none if that can't be told again
  std::vector<std::string> damage;  ///< what was damaged already where it was copied from
};

struct Manifest {
  std::string version;  ///< of the program that wrote it
  units::Instant began{}, finished{};
  std::vector<Entry> files;
};

/// With a check sum of itself.
[[nodiscard]] std::string to_json(const Manifest& manifest);

/// `corrupt` for anything that to_json() didn't write, `version` for a newer form. `where` is for the words.
[[nodiscard]] units::Result<Manifest> parse_manifest(std::string_view text, const std::string& where);

/// May a file of a backup have this name? Letters, digits and ".-_~", at most one folder above it; never one that leads
/// elsewhere.
[[nodiscard]] bool good_name(std::string_view name) noexcept;

}  // namespace vedette::backup
