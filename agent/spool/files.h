// Numbered append-only files: the boundary between what the spool decides and the disk. One owner thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::spool {

using FileNumber = std::uint64_t;

/// Every error is `io`, but for `conflict`: another process holds the files. Nothing waits for the disk itself.
class Files {
 public:
  virtual ~Files() = default;
  /// Ascending.
  [[nodiscard]] virtual units::Result<std::vector<FileNumber>> list() = 0;
  /// At most `most` bytes from its beginning.
  [[nodiscard]] virtual units::Result<std::string> read(FileNumber file, std::size_t most) = 0;
  /// Makes the file if there is none. All of it or nothing is written.
  [[nodiscard]] virtual units::Result<void> append(FileNumber file, std::string_view bytes) = 0;
  [[nodiscard]] virtual units::Result<void> remove(FileNumber file) = 0;
};

}  // namespace vedette::spool
