// Live events on their way to viewers. Default: server/live, within this process; past one machine a broker stands
// behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vedette::domain {

/// Of the WebSocket that carries live events (RFC 6455, 1.9).
inline constexpr std::string_view kLiveSubprotocol = "vedette.live.v1";

/// Topics: "fleet", "alerts", "host/<32 hex digits>".
///
/// `row` is a JSON array in the order of the topic's header; `key` says which row of the topic it replaces (host id,
/// alert id; for host/<id> the tick's time in ms). Called on the control thread only.
class LiveBus {
 public:
  virtual ~LiveBus() = default;
  /// The topic's columns, a JSON array of strings; told to viewers with the snapshot and whenever it changes.
  virtual void header(std::string_view topic, std::string json) = 0;
  /// A row changed. `conflate`: a slow viewer may skip to a later row of the same key; alerts never conflate.
  virtual void publish(std::string_view topic, std::string_view key, std::string json, bool conflate) = 0;
  /// The row is gone from snapshots (a last publish may say so before).
  virtual void retire(std::string_view topic, std::string_view key) = 0;
  /// Does anyone watch this topic? Lets host topics cost nothing while nobody looks.
  [[nodiscard]] virtual bool watched(std::string_view topic) const = 0;
};

}  // namespace vedette::domain
