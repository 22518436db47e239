// A topic as the hub keeps it: its rows, who watches, what wasn't sent yet. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/live/event.h"
#include "server/live/hub.h"
#include "server/live/row_set.h"

namespace vedette::live {

inline constexpr std::string_view kNoHeader = "[]";

/// Rows and header not sent yet. Rows of one key that conflate are merged already here.
struct Hub::Pending {
  bool header_changed = false;
  std::vector<Event::Row> rows;
  std::unordered_map<std::string, std::size_t> conflating;

  [[nodiscard]] bool empty() const { return !header_changed && rows.empty(); }
};

struct Hub::Topic {
  std::string name;
  std::string header{kNoHeader};
  RowSet rows;
  std::unordered_set<SharedSeat> seats;
  Pending pending;
  bool changed = false;          ///< is in changed_
  std::uint64_t whole_from = 0;  ///< events before this number don't suffice to resume (no topic then, other header)
  unsigned unwatched_beats = 0;
  Frames snapshot;  ///< encoded at `snapshot_at`, all parts but the last, which is made as it is needed
  std::uint64_t snapshot_at = 0;
};

[[nodiscard]] std::string delta_of(const Event& event, const std::string& cursor);

}  // namespace vedette::live
