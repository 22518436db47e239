// What the distribution's own files say of updates: Debian's and Ubuntu's (unattended-upgrades, update-notifier). No
// command is run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/collect/source.h"

namespace vedette::collect {

struct PendingUpdates {
  std::optional<std::uint64_t> all;  ///< absent where the text doesn't say, or in another language
  std::uint64_t security = 0;        ///< of all
};
/// The text that update-notifier shows at a login (/var/lib/update-notifier/updates-available).
[[nodiscard]] PendingUpdates parse_updates_available(std::string_view text);

class UpdateSource final : public Source {
 public:
  /// `root`: "" for this machine's.
  explicit UpdateSource(std::string root) : root_(std::move(root)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "/var/run/reboot-required"; }
  /// `not_found` where nothing writes these files.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  std::string root_;
  LateSeries reboot_{"system.linux.reboot_required"}, pending_{"system.linux.updates.pending", {"type", "all"}},
      security_{"system.linux.updates.pending", {"type", "security"}};
};

}  // namespace vedette::collect
