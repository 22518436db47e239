#include "server/domain/backups.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace vedette::domain {
namespace {

constexpr std::array<std::string_view, 6> kNames{"none", "running", "done", "damaged", "failed", "stopped"};

}  // namespace

std::string_view name(BackupPhase phase) noexcept {
  return kNames.at(static_cast<std::size_t>(phase));
}

std::optional<BackupPhase> parse_backup_phase(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<BackupPhase>(std::distance(kNames.begin(), found));
}

}  // namespace vedette::domain
