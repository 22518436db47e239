// Which of systemd's units have failed, from one asking to the next. Pure. One owner thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/watch/happening.h"

namespace vedette::watch {

class UnitWatch {
 public:
  UnitWatch(const wire::Id128& boot, const wire::Id128& run) : boot_(boot), run_(run) {}
  /// `failed`: their names now. What had failed at the first asking is told only where the machine has just booted:
  /// else the run before told it. At most kMost are told by name, the rest as a number.
  [[nodiscard]] std::vector<Happening> take(const std::vector<std::string>& failed, units::Instant now, bool booted);

  static constexpr std::size_t kMost = 20;

 private:
  using Names = std::set<std::string>;
  /// The same in whatever run for what had failed after a boot.
  [[nodiscard]] std::uint64_t next_id(const std::string& who);
  /// Those of `names` that aren't among `others`.
  void tell(const Names& names, const Names& others, std::string_view kind, std::string_view words, units::Instant now,
            std::vector<Happening>& into);

  wire::Id128 boot_, run_;
  Names known_;
  std::uint64_t takes_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace vedette::watch
