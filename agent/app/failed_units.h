// systemd's failed units, asked for once a minute on a helper thread: their number as a series, their names for who
// tells what happened. One owner thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/collect/probe.h"
#include "agent/collect/source.h"

namespace vedette::app {

/// Asks systemd over the system bus, two seconds at most; nothing without an answer.
[[nodiscard]] std::optional<std::vector<std::string>> ask_failed_units();

class FailedUnits final : public collect::Source {
 public:
  using Names = std::vector<std::string>;
  /// `ask` may block; `clock` as the collector's.
  explicit FailedUnits(std::function<units::Steady()> clock,
                       std::function<std::optional<Names>()> ask = ask_failed_units);
  [[nodiscard]] std::string_view name() const noexcept override { return "systemd's failed units"; }
  /// Never waits; there is nothing while systemd gives no answer, or isn't there.
  [[nodiscard]] units::Result<void> read(collect::Draft& draft) override;

  /// Those that were told since the last call; nothing if none were.
  [[nodiscard]] std::optional<Names> take_news() { return std::exchange(news_, std::nullopt); }

  static constexpr std::chrono::seconds kEvery{60};

 private:
  void look(units::Steady now);

  std::function<units::Steady()> clock_;
  collect::Probe<Names> probe_;
  bool asked_ = false;
  units::Steady due_ = units::Steady::min();
  std::optional<std::size_t> count_;
  std::optional<Names> news_;
  collect::LateSeries failed_{"system.linux.systemd.units.failed"};
};

}  // namespace vedette::app
