// Which of several collectors is asked next, and when. They are in the operator's order: the first that can be reached
// is taken. Pure. One owner thread.
#pragma once

#include <optional>
#include <vector>

#include "schema/units/time.h"

namespace vedette::link {

class Rotation {
 public:
  /// `count` is at least 1; `better_every`: how long to stay with a later one before those before it are tried again.
  Rotation(std::size_t count, units::Milliseconds better_every) : not_before_(count), better_every_(better_every) {}

  [[nodiscard]] std::size_t current() const noexcept { return current_; }

  /// What is with the current one ended: when to ask the one that is current now. Who was `connected` is asked again
  /// first; one that couldn't be reached is followed by the next. `wait` is the back-off, `at_least` what this
  /// collector asked for, which doesn't hold up the others.
  units::Steady ended(units::Steady now, bool connected, units::Milliseconds wait, units::Milliseconds at_least);

  /// Every collector may be asked at once: the machine was asleep, or elsewhere.
  void forgive() noexcept { not_before_.assign(not_before_.size(), {}); }

  /// The current one said Welcome.
  void connected(units::Steady now) noexcept;
  /// When one before the current one should be tried beside it; nothing if there is none.
  [[nodiscard]] std::optional<units::Steady> better_due() const noexcept;
  /// Whom to try then.
  [[nodiscard]] std::size_t better() const noexcept { return better_; }
  /// It can't be reached, or shouldn't be asked for a while.
  void better_failed(units::Steady now, units::Milliseconds at_least) noexcept;
  /// It can: it is the current one.
  void better_reached() noexcept { current_ = better_; }

 private:
  std::vector<units::Steady> not_before_;
  units::Milliseconds better_every_;
  std::size_t current_ = 0, better_ = 0;
  units::Steady better_due_{};
};

}  // namespace vedette::link
