#include "agent/link/rotation.h"

#include <algorithm>

namespace vedette::link {

using units::Milliseconds;
using units::Steady;

Steady Rotation::ended(Steady now, bool connected, Milliseconds wait, Milliseconds at_least) {
  not_before_[current_] = now + at_least;
  const Steady next = now + wait;
  const std::size_t first = connected ? current_ : current_ + 1, count = not_before_.size();
  std::size_t best = first % count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t candidate = (first + i) % count;
    if (not_before_[candidate] <= next) {
      best = candidate;
      break;
    }
    if (not_before_[candidate] < not_before_[best]) best = candidate;
  }
  current_ = best;
  // `at_least` comes on top of the back-off, so that those who were told the same don't come back at the same time.
  return not_before_[best] > next ? not_before_[best] + wait : next;
}

void Rotation::connected(Steady now) noexcept {
  better_ = 0;
  better_due_ = now + better_every_;
}

std::optional<Steady> Rotation::better_due() const noexcept {
  if (current_ == 0) return std::nullopt;
  return std::max(better_due_, not_before_[better_]);
}

void Rotation::better_failed(Steady now, Milliseconds at_least) noexcept {
  not_before_[better_] = now + at_least;
  const std::size_t next = better_ + 1;
  if (next < current_) {
    better_ = next;
    return;
  }
  connected(now);
}

}  // namespace vedette::link
