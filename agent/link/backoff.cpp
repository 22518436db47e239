#include "agent/link/backoff.h"

#include <algorithm>

namespace vedette::link {

units::Milliseconds Backoff::next(double random) noexcept {
  const double wait = random * static_cast<double>(cap_.count());
  cap_ = std::min(cap_ * 2, kMost);
  return units::Milliseconds{static_cast<std::int64_t>(wait)};
}

}  // namespace vedette::link
