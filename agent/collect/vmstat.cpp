#include "agent/collect/vmstat.h"

#include <algorithm>
#include <array>

#include "agent/collect/text.h"

namespace vedette::collect {

units::Result<Vmstat> parse_vmstat(std::string_view text) {
  Vmstat vmstat;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 5> wanted{{
      {"pgfault", &vmstat.faults},
      {"pgmajfault", &vmstat.major_faults},
      {"pswpin", &vmstat.swapped_in},
      {"pswpout", &vmstat.swapped_out},
      {"oom_kill", &vmstat.oom_kills},
  }};
  while (auto line = take_line(text)) {
    if (!line->starts_with('p') && !line->starts_with('o')) continue;  // 190 lines, five of interest
    const std::string_view key = take_word(*line);
    for (const auto& [name, field] : wanted) {
      if (key == name) *field = take_number(*line);
    }
  }
  if (std::ranges::none_of(wanted, [](const auto& entry) { return entry.second->has_value(); })) {
    return units::fail(units::ErrorCode::corrupt, "/proc/vmstat has none of pgfault, pswpin, oom_kill");
  }
  return vmstat;
}

units::Result<void> VmstatSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto vmstat = parse_vmstat(*text);
  if (!vmstat) return std::unexpected(vmstat.error());
  if (vmstat->faults && vmstat->major_faults) {
    minor_.put(draft, *vmstat->faults - std::min(*vmstat->faults, *vmstat->major_faults));
    major_.put(draft, vmstat->major_faults);
  }
  in_.put(draft, vmstat->swapped_in);
  out_.put(draft, vmstat->swapped_out);
  oom_kills_.put(draft, vmstat->oom_kills);
  return {};
}

}  // namespace vedette::collect
