#include "server/app/backup_settings.h"

#include <algorithm>

namespace vedette::app {
namespace {

/// With links followed as far as they are there.
std::filesystem::path plain(const std::filesystem::path& path) {
  std::error_code error;
  auto found = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  if (error) found = path.lexically_normal();
  return found.has_filename() ? found : found.parent_path();  // without a / at its end
}

/// Equal to it or below it.
bool within(const std::filesystem::path& path, const std::filesystem::path& directory) {
  return std::ranges::mismatch(directory, path).in1 == directory.end();
}

}  // namespace

void read_backup(config::Table table, Settings& settings) {
  if (const auto directory = table.text("directory")) {
    if (std::filesystem::path(*directory).is_absolute()) {
      settings.backup.directory = *directory;
    } else {
      table.fault("directory", "is \"" + *directory + "\"; it must be an absolute path like \"/mnt/backup/vedette\"");
    }
  }
  settings.backup.place = table.place("directory");
  table.finish();
}

units::Result<void> check_backup(const Settings& settings) {
  if (settings.backup.directory.empty()) return {};
  const auto directory = plain(settings.backup.directory), data = plain(settings.data);
  const bool inside = within(directory, data), around = within(data, directory);
  if (!inside && !around) return {};
  const std::string how = inside && around ? "the data directory itself"
                                           : (inside ? "inside" : "around") + (" the data directory " + data.string());
  return units::fail(units::ErrorCode::invalid, settings.backup.place + " is \"" + settings.backup.directory.string() +
                                                    "\", " + how +
                                                    "; name a directory apart from it, best on another disk");
}

}  // namespace vedette::app
