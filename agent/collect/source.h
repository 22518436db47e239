// What every source of samples is to the collector.
#pragma once

#include <string_view>

#include "agent/collect/roster.h"
#include "schema/units/result.h"

namespace vedette::collect {

class Source {
 public:
  virtual ~Source() = default;
  /// For logs and counts: the file's name.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Puts what can be read now. An error means that this tick has nothing of the source; the others go on.
  [[nodiscard]] virtual units::Result<void> read(Draft& draft) = 0;
};

}  // namespace vedette::collect
