// The bounds of live events. Defaults are the product's; tests shrink them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "schema/units/time.h"

namespace vedette::live {

struct Limits {
  /// Between two fan-outs lies at least this for each viewer (a send takes some 20 µs), …
  std::chrono::microseconds flush_a_viewer{200};
  units::Milliseconds flush_least{10};   ///< … but at least this and …
  units::Milliseconds flush_most{100};   ///< … at most this
  units::Milliseconds beat{5000};        ///< between beats
  unsigned forget_after = 12;            ///< beats after which a host topic nobody watches is dropped
  unsigned stalled_beats = 12;           ///< beats in which a viewer with waiting bytes takes none: it is closed
  std::size_t part = 64'000;             ///< bytes of rows in one message
  std::size_t recent = 8u << 20;         ///< bytes of events kept for resuming
  std::size_t replay = 256'000;          ///< bytes of rows resumed at most; beyond, a snapshot is cheaper
  std::size_t host_rows = 120;           ///< newest rows kept of a host topic
  std::size_t hold_above = 65'536;       ///< bytes waiting for a viewer above which its ticks conflate
  std::size_t too_slow = 262'144;        ///< bytes waiting beside the snapshot above which it is closed
  std::size_t topics = 256;              ///< of one viewer
  std::size_t host_topics = 4'096;       ///< of all viewers together
  std::size_t message = 4'096;           ///< bytes of one message of a viewer
  units::Milliseconds poll{25'000};      ///< a poll with nothing to tell is answered after this
  units::Milliseconds poll_gather{100};  ///< a poll that waited is answered this long after the first event
  units::Milliseconds farewell{5'000};   ///< a stream that was told its end and takes nothing is dropped after this
  std::size_t polls = 1'000;             ///< waiting at once, of all logins
  std::size_t polls_of_login = 64;       ///< waiting at once of one login
  unsigned requests_in_flight = 64;      ///< subscriptions of one viewer that the hub hasn't answered
  unsigned faults = 3;                   ///< bad messages of one viewer until it is closed
};

/// What happened since the start. Any thread reads.
struct Counters {
  std::atomic<std::uint64_t> viewers{0};    ///< connected now
  std::atomic<std::uint64_t> events{0};     ///< deltas made
  std::atomic<std::uint64_t> conflated{0};  ///< rows that slow viewers skipped for later ones
  std::atomic<std::uint64_t> too_slow{0};   ///< viewers closed with 4408
  /// Requests refused because the viewer, or all together, watched as much as they may.
  std::atomic<std::uint64_t> over_topics{0}, over_host_topics{0}, over_polls{0}, over_polls_of_login{0};
};

}  // namespace vedette::live
