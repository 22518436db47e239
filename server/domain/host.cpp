#include "server/domain/host.h"

namespace vedette::domain {

std::string_view name(HostStatus status) noexcept {
  switch (status) {
    case HostStatus::fresh:
      return "new";
    case HostStatus::up:
      return "up";
    case HostStatus::stopped:
      return "stopped";
    case HostStatus::lost:
      return "lost";
    case HostStatus::unresponsive:
      return "unresponsive";
    case HostStatus::rejected:
      return "rejected";
    case HostStatus::unknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace vedette::domain
