#include "tests/load/swarm/unacked.h"

#include <algorithm>

namespace vedette::swarm {

void Unacked::add(wire::TickNumber number, units::Instant at, units::Steady taken) {
  // A tentative stream's offset is told at its Welcome; one that is known already is what the spool uses until then.
  ticks_.push_back({stream_, number, known_ && !tentative_ ? at + offset_ : at, taken, known_ && !tentative_});
  next_ = number + 1;
}

void Unacked::begin(wire::StreamId stream) {
  if (tentative_) withdraw();
  before_ = stream_;
  next_before_ = next_;
  stream_ = stream;
  next_ = 1;
  tentative_ = true;
}

void Unacked::withdraw() {
  if (!tentative_) return;
  tentative_ = false;
  for (Tick& tick : ticks_) {
    if (tick.stream != stream_) continue;
    tick.stream = before_;
    tick.number = next_before_++;
    if (known_) {
      tick.at += offset_;
      tick.placed = true;
    }
  }
  stream_ = before_;
  next_ = next_before_;
}

void Unacked::confirm(units::Milliseconds offset) {
  for (Tick& tick : ticks_) {
    if (tick.placed) continue;
    tick.at += offset;
    tick.placed = true;
  }
  offset_ = offset;
  known_ = true;
  tentative_ = false;
}

void Unacked::release(wire::StreamId stream, wire::TickNumber last, units::Steady now, Report& report) {
  std::erase_if(ticks_, [&](const Tick& tick) {
    if (tick.stream != stream || tick.number > last) return false;
    report.add(&Report::to_ack, tick.taken, now);
    ++report.ticks_acked;
    acked_.push_back(units::unix_ms(tick.at));
    return true;
  });
}

}  // namespace vedette::swarm
