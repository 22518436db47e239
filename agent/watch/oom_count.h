// The kernel's count of OOM kills (/proc/vmstat, since Linux 4.13), for machines whose kernel log we may not read: that
// one was killed, not which. One owner thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/watch/happening.h"

namespace vedette::watch {

/// Nothing if the kernel doesn't tell.
[[nodiscard]] std::optional<std::uint64_t> parse_oom_kills(std::string_view vmstat);

class OomCount {
 public:
  explicit OomCount(const wire::Id128& boot, std::string path = "/proc/vmstat") : boot_(boot), path_(std::move(path)) {}
  /// Reads the count; a happening if it grew since the last time.
  [[nodiscard]] std::optional<Happening> read(units::Instant now);

 private:
  wire::Id128 boot_;
  std::string path_;
  std::optional<std::uint64_t> known_;
};

}  // namespace vedette::watch
