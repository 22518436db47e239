// /proc/spl/kstat/zfs/POOL/state: ZFS's pools (OpenZFS since 0.8).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/collect/source.h"

namespace vedette::collect {

/// 0 ONLINE, 1 DEGRADED, 2 what can't be used (FAULTED, UNAVAIL, SUSPENDED …); nothing if it is no such word.
[[nodiscard]] std::optional<std::uint64_t> parse_pool_state(std::string_view text);

class PoolSource final : public Source {
 public:
  explicit PoolSource(const std::string& proc) : folder_(proc + "/spl/kstat/zfs") {}
  [[nodiscard]] std::string_view name() const noexcept override { return folder_; }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  std::string folder_;
  std::string file_;  ///< which is read
  std::map<std::string, SeriesNumber, std::less<>> numbers_;
};

}  // namespace vedette::collect
