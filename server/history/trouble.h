// What is wrong with the store, in a person's words. A snapshot type: any thread, under its own lock.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "schema/units/time.h"

namespace vedette::history {

class Trouble {
 public:
  enum class Part : std::uint8_t { space, writing, sealing, building, damage };

  /// The part failed at `now`; `words` are the error's. True if it was well before: the time to log it.
  [[nodiscard]] bool failed(Part part, units::Instant now, std::string words) {
    const std::lock_guard lock(mutex_);
    auto& state = parts_[static_cast<std::size_t>(part)];
    const bool fresh = !state;
    if (fresh) state = State{now, {}};
    state->words = std::move(words);
    return fresh;
  }
  /// It works again. True if it didn't before.
  [[nodiscard]] bool well(Part part) {
    const std::lock_guard lock(mutex_);
    return std::exchange(parts_[static_cast<std::size_t>(part)], std::nullopt).has_value();
  }
  /// Empty when well. `waiting`: ticks that are not durable, kept in memory.
  [[nodiscard]] std::string words(std::size_t waiting) const {
    const std::lock_guard lock(mutex_);
    std::string all;
    const auto add = [&](Part part, const std::string& what, const std::string& then) {
      const auto& state = parts_[static_cast<std::size_t>(part)];
      if (!state) return;
      if (!all.empty()) all += "; ";
      all += what + units::clock_utc(state->since) + ": " + state->words + then;
    };
    const std::string kept =
        " (" + std::to_string(waiting) + " ticks wait in memory, agents keep the rest; none is lost yet)";
    add(Part::space, "history is not being stored since ", kept);
    add(Part::writing, "history can't be written since ", kept);
    add(Part::sealing, "history can't be sealed since ", "");
    add(Part::building, "minutes and hours of history can't be built since ", "");
    add(Part::damage, "history was found damaged at ", "");
    return all;
  }

 private:
  struct State {
    units::Instant since{};
    std::string words;
  };
  mutable std::mutex mutex_;
  std::array<std::optional<State>, 5> parts_;
};

}  // namespace vedette::history
