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
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 12> wanted{{
      {"MemTotal:", &total},
      {"MemFree:", &free},
      {"MemAvailable:", &info.available},
      {"Buffers:", &info.buffers},
      {"Cached:", &info.cached},
      {"SReclaimable:", &info.reclaimable},
      {"Shmem:", &info.shared},
      {"SUnreclaim:", &info.unreclaimable},
      {"Dirty:", &info.dirty},
      {"Committed_AS:", &info.committed},
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

units::Result<void> MemorySource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto info = parse_meminfo(*text);
  if (!info) return std::unexpected(info.error());
  used_.put(draft, info->used());
  free_.put(draft, info->free);
  buffers_.put(draft, info->buffers);
  cached_.put(draft, info->cached ? std::optional(info->cache()) : std::nullopt);
  shared_.put(draft, info->shared);
  limit_.put(draft, info->total);
  available_.put(draft, info->available);
  reclaimable_.put(draft, info->reclaimable);
  unreclaimable_.put(draft, info->unreclaimable);
  dirty_.put(draft, info->dirty);
  committed_.put(draft, info->committed);
  // A machine without swap has no paging series, and gets them when swap is switched on.
  if (info->swap_total.value_or(0) > 0 && info->swap_free && *info->swap_free <= *info->swap_total) {
    swap_used_.put(draft, *info->swap_total - *info->swap_free);
    swap_free_.put(draft, info->swap_free);
  }
  return {};
}

}  // namespace vedette::collect
