// Reads the live protocol's messages as far as a swarm needs them: whose tick of what time a viewer was shown.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vedette::swarm {

struct LiveEvent {
  struct Shown {
    std::size_t agent;
    std::int64_t at_ms;
  };
  std::string cursor;  ///< empty: none was told
  std::vector<Shown> shown;
  bool snapshot = false;  ///< its ticks are as old as they are
};

class LiveReader {
 public:
  /// Hosts (32 hex digits) by agent number.
  explicit LiveReader(std::unordered_map<std::string, std::size_t> agents) : agents_(std::move(agents)) {}

  /// Valid until the next call. All viewers get the same bytes within milliseconds, so the newest are kept as read.
  [[nodiscard]] const LiveEvent& read(std::string_view text);
  [[nodiscard]] LiveEvent read_message(const nlohmann::json& message);
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

 private:
  struct Known {
    std::string text;
    LiveEvent event;
  };
  void show(LiveEvent& event, const std::string& host, const nlohmann::json& seconds);

  std::unordered_map<std::string, std::size_t> agents_;
  std::deque<Known> known_;
  std::size_t last_tick_ = 6;  ///< its place in the fleet's rows, until a header says otherwise
  std::uint64_t unreadable_ = 0;
};

}  // namespace vedette::swarm
