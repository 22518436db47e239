// Files as backups need them: private (0600), durable when a call returns, never through a symbolic link. Errors are
// `io` and name the file.
//
// None of this is for a database that this process has open: closing any descriptor of such a file gives up SQLite's
// locks on it (fcntl(2)).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "schema/units/result.h"

namespace vedette::backup {

/// What a file holds.
struct Sum {
  std::uint64_t bytes = 0;
  std::string sha256;  ///< hex
  bool operator==(const Sum&) const = default;
};
/// `seen` is told how many bytes were read, now and then.
[[nodiscard]] units::Result<Sum> sum_of(const std::filesystem::path& file,
                                        const std::function<void(std::uint64_t)>& seen = {});
/// SHA-256 in hex.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// Copies to a file that isn't there yet. `like`: see hand_over.
units::Result<Sum> copy_private(const std::filesystem::path& from, const std::filesystem::path& to,
                                const std::filesystem::path& like = {});

/// Puts `text` in the place of whatever is there: after a crash the file is the old or the new one.
[[nodiscard]] units::Result<void> replace_file(const std::filesystem::path& file, std::string_view text);
/// At most 16 MiB; nothing if it isn't there.
[[nodiscard]] units::Result<std::optional<std::string>> read_file(const std::filesystem::path& file);

[[nodiscard]] units::Result<void> sync(const std::filesystem::path& file_or_directory);

/// Makes the directory (0700) if it isn't there. `like` as above.
[[nodiscard]] units::Result<void> make_directory(const std::filesystem::path& directory,
                                                 const std::filesystem::path& like = {});

/// Gives the file to `like`'s owner where this is root's process: a service couldn't open root's.
[[nodiscard]] units::Result<void> hand_over(const std::filesystem::path& file, const std::filesystem::path& like);

/// Which of its states a database on the disk is in. Equal states hold the same, unless it was written within a tick of
/// the clock before the first was taken (`settled`).
struct State {
  std::uint64_t inode = 0, bytes = 0, log_bytes = 0;
  std::int64_t modified = 0, log_modified = 0;  ///< ns since 1970; 0 without a log
  bool operator==(const State&) const = default;
};
struct StateNow {
  State state;
  bool settled = false;
};
/// Without opening it. `not_found` if it isn't there.
[[nodiscard]] units::Result<StateNow> state_of(const std::filesystem::path& database);

}  // namespace vedette::backup
