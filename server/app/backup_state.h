// What is told of a backup: by its manifest, and by a run of `vedette-server backup --progress`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "server/backup/manifest.h"
#include "server/domain/backups.h"

namespace vedette::app {

/// "12 files, 34 MB".
[[nodiscard]] std::string amount_of(const backup::Manifest& manifest);

/// Done, or damaged; at most a hundred lines of damage.
[[nodiscard]] domain::BackupState state_of(const std::filesystem::path& directory, const backup::Manifest& manifest);

/// Of the backup that the directory holds; `none` with words if there is none.
[[nodiscard]] domain::BackupState stored_state(const std::filesystem::path& directory);

/// Reads what api::to_json wrote, all but `directory` and the times; nothing if it didn't.
[[nodiscard]] std::optional<domain::BackupState> parse_state(std::string_view line);

}  // namespace vedette::app
