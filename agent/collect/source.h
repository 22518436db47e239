// What every source of samples is to the collector.
#pragma once

#include <string_view>

#include "agent/collect/roster.h"
#include "schema/units/result.h"

namespace vedette::collect {

/// The collector decides when a source is read, and repeats its last values in the ticks between (collector.h).
class Source {
 public:
  virtual ~Source() = default;
  /// For logs and counts: the file's name.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Puts what can be read now. An error means that there is nothing of the source until it is read again; the others
  /// go on. `not_found`: this machine lacks what is read.
  [[nodiscard]] virtual units::Result<void> read(Draft& draft) = 0;

  /// Answers are still awaited (a helper thread asks): settle() is called at each tick until they are there.
  [[nodiscard]] virtual bool pending() const { return false; }
  /// Puts what is known now. Only while pending().
  virtual void settle(Draft&) {}
};

}  // namespace vedette::collect
