// The spool's own figures as series, so that the host's history shows what was kept and what was lost.
#pragma once

#include <optional>

#include "agent/collect/source.h"
#include "agent/spool/spool.h"

namespace vedette::app {

class SpoolSource final : public collect::Source {
 public:
  /// `spool` outlives it.
  explicit SpoolSource(const spool::Spool& spool) : spool_(spool) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "spool"; }
  [[nodiscard]] units::Result<void> read(collect::Draft& draft) override;

 private:
  struct Numbers {
    collect::SeriesNumber dropped, usage;
  };
  const spool::Spool& spool_;
  std::optional<Numbers> numbers_;
};

}  // namespace vedette::app
