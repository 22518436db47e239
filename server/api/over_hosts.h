// Makes one line of many hosts': their average, least, greatest or sum at each step. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/history_store.h"

namespace vedette::api {

enum class Over : std::uint8_t { average, minimum, maximum, sum };

class OverHosts {
 public:
  /// Every answer has this range and this step, which is above 0.
  OverHosts(Over over, units::Instant from, units::Instant to, units::Milliseconds step);

  /// One host's answer. In each column its value at a step counts once, however many samples it stands for; what a host
  /// can't tell (NaN) doesn't count. Series of one name, attributes and unit become one line within a group. `invalid`
  /// if there were more than kMostPoints then.
  [[nodiscard]] units::Result<void> add(const std::string& group, const domain::HistoryAnswer& answer);
  static constexpr std::size_t kMostPoints = 1'000'000;

  struct Line {
    std::string group;
    domain::HistoryColumns columns;
    std::vector<double> hosts;  ///< how many have this step
  };
  /// By group, then by series.
  [[nodiscard]] std::vector<Line> finish() &&;

 private:
  /// A column, by step since the first.
  struct Column {
    std::vector<double> value;
    std::vector<std::uint32_t> hosts;  ///< that told one
  };
  struct Sum {
    metrics::Series series;
    std::vector<std::uint32_t> hosts;
    std::vector<Column> columns;  ///< as domain::kHistoryColumns; empty ones weren't told by any host
  };
  void add(Sum& sum, const domain::HistoryColumns& columns) const;
  void add(Column& into, std::size_t step, double value) const;

  const Over over_;
  const std::int64_t step_, first_;  ///< first step, counted from the epoch
  const std::size_t steps_;
  std::map<std::pair<std::string, std::string>, Sum> sums_;  ///< by group and series, as text
};

}  // namespace vedette::api
