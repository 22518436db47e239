// A swarm's run from the first connection to the summary.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/load/swarm/api.h"
#include "tests/load/swarm/options.h"

namespace vedette::swarm {

class Run final : private Source {
 public:
  /// `api` is logged in if the options name a user; `cookie` is that login's.
  Run(const Options& options, const Target& target, Api& api, std::vector<Api::Host> hosts, std::string cookie);

  /// Prints lines as it goes: `progress` every 5 s, `all_connected`, `outage` and `all_back` when agents lost their
  /// connections and all have them again, `drained`, `summary`. False if not all connected in time.
  bool go();

 private:
  void on_ready(units::Steady) override {}
  void on_time(units::Steady now) override;

  void make_all(const std::vector<Api::Host>& hosts, const std::string& cookie);
  [[nodiscard]] bool all_connected() const;
  void note_outages(units::Steady now);
  /// Turns the loop until `done` or for `limit`.
  template <class Done>
  bool until(Done done, units::Milliseconds limit);
  void verify();
  void summarize();

  const Options& options_;
  Api& api_;
  Loop loop_;
  Report report_;
  std::mt19937_64 random_;
  Recording recording_;
  Field field_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::unique_ptr<LiveReader> reader_;
  std::unique_ptr<Gallery> gallery_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  units::Steady progress_due_{};
  bool watching_ = false;
  std::optional<units::Steady> lost_at_, first_back_at_;
  std::size_t fewest_ = 0;
  double slowest_return_ = 0;  ///< seconds from the first agent back to the last, of the worst outage
  units::Milliseconds lateness_{0};
  std::uint64_t verified_ = 0, lost_ = 0, duplicated_ = 0;
};

/// Lets every run end soon, as if its time were up. For signal handlers.
void ask_to_end() noexcept;

}  // namespace vedette::swarm
