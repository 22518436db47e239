// What is wrong with the store of process lists, in a person's words. A snapshot type: any thread, under its own lock.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "schema/units/time.h"
#include "server/domain/guarded.h"

namespace vedette::processes {

class Trouble {
 public:
  enum class Part : std::uint8_t { writing, damage };

  /// The part failed at `now`; `words` are the error's. True if it was well before: the time to log it.
  [[nodiscard]] bool failed(Part part, units::Instant now, const std::string& words) {
    return of(part).with([&](std::optional<State>& state) {
      const bool fresh = !state;
      state = State{fresh ? now : state->since, words};
      return fresh;
    });
  }
  /// It works again. True if it didn't before.
  [[nodiscard]] bool well(Part part) {
    return of(part).with([](std::optional<State>& state) { return std::exchange(state, std::nullopt).has_value(); });
  }
  /// Empty when well.
  [[nodiscard]] std::string words() {
    std::string all = words(Part::writing, "lists of processes can't be stored since ", " (agents keep them)");
    const std::string damage = words(Part::damage, "lists of processes were found damaged at ", "");
    return all + (all.empty() || damage.empty() ? "" : "; ") + damage;
  }

 private:
  struct State {
    units::Instant since{};
    std::string words;
  };
  using Guarded = domain::Guarded<std::optional<State>>;
  Guarded& of(Part part) { return part == Part::writing ? writing_ : damage_; }
  std::string words(Part part, const std::string& what, const std::string& then) {
    return of(part).with([&](const std::optional<State>& state) {
      return state ? what + units::clock_utc(state->since) + ": " + state->words + then : std::string();
    });
  }

  Guarded writing_, damage_;
};

}  // namespace vedette::processes
