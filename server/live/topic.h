// A topic as the hub keeps it: its rows, who watches, what wasn't sent yet. Control thread only.
#pragma once

#include <array>
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
  std::uint64_t whole_from = 0;  ///< events before this number don't suffice to resume: there was no topic then
  unsigned unwatched_beats = 0;
  /// Its last part in two wordings: only the end of all that a viewer is sent has a cursor to resume from.
  struct Snapshot {
    Messages parts;
    Encoded middle, end;
  };
  std::array<Snapshot, kForms> snapshot;  ///< by form, each part made as it is needed
  std::uint64_t snapshot_at = 0;          ///< the event after which it was made, + 1
};

[[nodiscard]] std::string delta_of(const Event& event, const std::string& cursor);

}  // namespace vedette::live
