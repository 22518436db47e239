// Puts a backup into a new data directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "schema/units/result.h"
#include "server/backup/manifest.h"

namespace vedette::backup {

/// The newest schema that this program reads of a file; absent for one that isn't a database of ours.
using Newest = std::function<std::optional<std::int64_t>(const std::string& name)>;

/// Reads all of the backup. `corrupt` if any file isn't what the manifest says, `version` if a newer program wrote it,
/// `not_found` if there is none.
[[nodiscard]] units::Result<Manifest> verify(const std::filesystem::path& directory, const Newest& newest);

/// `conflict` if there is anything in the directory but a lock; a directory that isn't there is good.
[[nodiscard]] units::Result<void> need_empty(const std::filesystem::path& data);

/// Copies the backup's files into the empty directory, live.db last, each held against its sum once
/// more. After an error what was copied is removed again.
[[nodiscard]] units::Result<void> restore(const std::filesystem::path& directory, const Manifest& manifest,
                                          const std::filesystem::path& data);

}  // namespace vedette::backup
