#include "agent/collect/updates.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

/// Those that make /var/run/reboot-required: without any of them that it is missing says nothing.
constexpr std::array<const char*, 2> kRebootTellers{"/usr/share/update-notifier/notify-reboot-required",
                                                    "/etc/kernel/postinst.d/unattended-upgrades"};

bool is_all(std::string_view words) {
  return words.starts_with("update can be applied immediately") ||
         words.starts_with("updates can be applied immediately") || words.starts_with("package can be updated") ||
         words.starts_with("packages can be updated");
}

/// Not "5 additional security updates can be applied with ESM": nobody gets those without a contract.
bool is_security(std::string_view words) {
  const bool of_all = words.starts_with("of these updates ") || words.starts_with("update is a security") ||
                      words.starts_with("updates are security");
  return of_all && words.find("security update") != std::string_view::npos;
}

}  // namespace

PendingUpdates parse_updates_available(std::string_view text) {
  PendingUpdates pending;
  while (auto line = take_line(text)) {
    const auto count = take_number(*line);
    if (!count || line->empty()) continue;
    const std::string_view words = line->substr(1);
    if (is_all(words)) pending.all = count;
    if (is_security(words)) pending.security += *count;
  }
  if (pending.all) pending.security = std::min(pending.security, *pending.all);
  return pending;
}

units::Result<void> UpdateSource::read(Draft& draft) {
  const auto exists = [this](const char* path) { return ::access((root_ + path).c_str(), F_OK) == 0; };
  const bool required = exists("/var/run/reboot-required");
  const bool told = required || std::ranges::any_of(kRebootTellers, exists);
  if (told) reboot_.put_signed(draft, required ? 1 : 0);
  const int fd = ::open((root_ + "/var/lib/update-notifier/updates-available").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && !told) return units::fail(units::ErrorCode::not_found, "nothing tells of updates here");
  if (fd < 0) return {};
  std::array<char, 4'096> text{};
  const ssize_t size = ::read(fd, text.data(), text.size());
  ::close(fd);
  const auto pending = parse_updates_available({text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  pending_.put(draft, pending.all);
  if (pending.all) security_.put(draft, pending.security);
  return {};
}

}  // namespace vedette::collect
