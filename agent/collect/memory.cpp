#include "agent/collect/memory.h"

#include <algorithm>
#include <array>

#include "agent/collect/text.h"

namespace vedette::collect {

std::uint64_t MemInfo::cache() const noexcept {
  const std::uint64_t pages = cached.value_or(0) + reclaimable.value_or(0);
  return pages - std::min(pages, shared.value_or(0));
}

std::uint64_t MemInfo::used() const noexcept {
  const std::uint64_t other = free + buffers.value_or(0) + cache() + shared.value_or(0);
  return other < total ? total - other : 0;
}

units::Result<MemInfo> parse_meminfo(std::string_view text) {
  MemInfo info;
  std::optional<std::uint64_t> total, free;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 9> wanted{{
      {"MemTotal:", &total},
      {"MemFree:", &free},
      {"MemAvailable:", &info.available},
      {"Buffers:", &info.buffers},
      {"Cached:", &info.cached},
      {"SReclaimable:", &info.reclaimable},
      {"Shmem:", &info.shared},
      {"SwapTotal:", &info.swap_total},
      {"SwapFree:", &info.swap_free},
  }};
  while (auto line = take_line(text)) {
    const std::string_view key = take_word(*line);
    for (const auto& [name, field] : wanted) {
      if (key == name) *field = take_number(*line);
    }
  }
  if (!total || !free) return units::fail(units::ErrorCode::corrupt, "/proc/meminfo lacks MemTotal or MemFree");
  info.total = *total;
  info.free = *free;
  return info;
}

void MemorySource::put(Draft& draft, std::optional<SeriesNumber>& number, std::string_view metric,
                       std::string_view state, std::optional<std::uint64_t> kib) {
  if (!kib) return;
  if (!number) number = state.empty() ? draft.roster().add(metric) : draft.roster().add(metric, {{"state", state}});
  draft.put(*number, clamped(*kib));
}

units::Result<void> MemorySource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto info = parse_meminfo(*text);
  if (!info) return std::unexpected(info.error());
  put(draft, used_, "system.memory.usage", "used", info->used());
  put(draft, free_, "system.memory.usage", "free", info->free);
  put(draft, buffers_, "system.memory.usage", "buffers", info->buffers);
  put(draft, cached_, "system.memory.usage", "cached", info->cached ? std::optional(info->cache()) : std::nullopt);
  put(draft, shared_, "system.memory.usage", "shared", info->shared);
  put(draft, limit_, "system.memory.limit", "", info->total);
  put(draft, available_, "system.linux.memory.available", "", info->available);
  // A machine without swap has no paging series, and gets them when swap is switched on.
  if (info->swap_total.value_or(0) > 0 && info->swap_free && *info->swap_free <= *info->swap_total) {
    put(draft, swap_used_, "system.paging.usage", "used", *info->swap_total - *info->swap_free);
    put(draft, swap_free_, "system.paging.usage", "free", info->swap_free);
  }
  return {};
}

}  // namespace vedette::collect
