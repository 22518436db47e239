// What goes from the hub to viewers, and the recent past that lets them resume.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/live/encoded.h"
#include "server/live/message.h"

namespace vedette::live {

/// One delta of one topic. Immutable once made, so loops share it.
struct Event {
  struct Row {
    std::string key;
    SharedRow json;
    bool conflate = false;
  };
  std::uint64_t number = 0;  ///< its place in the sequence, from 1
  std::string topic;
  std::optional<std::string> header;  ///< if it changed with this event
  std::vector<Row> rows;
  bool urgent = false;  ///< it has rows and none of them may be skipped
  Encodings encoded;    ///< once, in the forms of those who watched when it was made
};
using SharedEvent = std::shared_ptr<const Event>;

/// The newest events, bounded in bytes. Owner: the control thread.
class RecentEvents {
 public:
  explicit RecentEvents(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void push(SharedEvent event);
  /// The events of these topics after `number`, in order. Nothing if some are gone already or `number` is 0.
  [[nodiscard]] std::optional<std::vector<SharedEvent>> after(std::uint64_t number,
                                                              const std::vector<std::string>& topics) const;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  [[nodiscard]] static std::size_t weight(const Event& event);

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t gone_ = 0;  ///< the newest number that was dropped
  std::deque<SharedEvent> events_;
};

}  // namespace vedette::live
