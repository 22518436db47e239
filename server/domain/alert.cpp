#include "server/domain/alert.h"

namespace vedette::domain {

std::string_view name(Severity severity) noexcept {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return "warning";
}

std::string_view name(Phase phase) noexcept {
  switch (phase) {
    case Phase::inactive:
      return "inactive";
    case Phase::pending:
      return "pending";
    case Phase::firing:
      return "firing";
    case Phase::resolved:
      return "resolved";
  }
  return "inactive";
}

}  // namespace vedette::domain
