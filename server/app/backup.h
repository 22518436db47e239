// `vedette-server backup` and `restore`, on whole data directories. Both work in their own process, a backup also
// beside a running collector: it may write where the service may not, needs no thread and no memory of it, and only
// reads, as of one moment for each file. What makes the copies fit each other: server/history/backup.h. control.db
// comes after history, so that it knows every host that history has, and the certificates last.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "schema/units/result.h"
#include "server/app/backup_meter.h"
#include "server/domain/clock.h"

namespace vedette::app {

/// Is told what was done, a line each.
using Say = std::function<void(const std::string&)>;

struct Backup {
  std::filesystem::path data, directory;
  const domain::Clock& clock;
  Say say;
  BackupMeter::Tell tell{};  ///< hears how far it is

  /// True if all is whole; false if something was damaged in the data already: it is copied as it is. Errors leave the
  /// backup before as it was, and the next run goes on where this one stopped.
  [[nodiscard]] units::Result<bool> run() const;
};

/// From `directory` into the empty `data`. True if all is whole; false if something was damaged already when the backup
/// was made. After an error nothing has changed.
[[nodiscard]] units::Result<bool> restore(const std::filesystem::path& directory, const std::filesystem::path& data,
                                          const Say& say);

}  // namespace vedette::app
