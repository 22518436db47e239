// `vedette-server check`: reads the data directory's databases through and says what is damaged. In this process, also
// beside a running collector: SQLite's locks let both go on (server/history/check.h).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/history/check.h"

namespace vedette::app {

/// What people call the hosts; empty if control.db can't tell.
using HostNames = std::map<domain::HostNumber, std::string>;
[[nodiscard]] HostNames host_names(const std::filesystem::path& control_db);

/// What one file of a data directory or a backup was found to be.
struct FileCheck {
  std::uint64_t chunks = 0, rows = 0, lists = 0;
  std::vector<std::string> damage{};  ///< "raw-20261123.db, host web-1, 2026-11-23 08:00:00 UTC, group 1, part 0: …"
};
/// `name` is the file's in a data directory, wherever `file` is. Nothing is known of others than databases: those are
/// whole.
[[nodiscard]] units::Result<FileCheck> check_file(const std::string& name, const std::filesystem::path& file,
                                                  history::Use use, const HostNames& hosts);
/// The newest schema that this program reads of this file; absent for what isn't a database of ours.
[[nodiscard]] std::optional<std::int64_t> newest_schema(const std::string& name);

struct DataCheck {
  std::string words;  ///< a line each damage, and what was looked at
  bool whole = true;
};
/// An error is what kept it from looking: no such directory, no right to it.
[[nodiscard]] units::Result<DataCheck> check_data(const std::filesystem::path& data);

}  // namespace vedette::app
