#include "agent/collect/tcp.h"

#include <algorithm>
#include <array>

#include "agent/collect/text.h"

namespace vedette::collect {

bool read_columns(std::string_view text, std::string_view protocol, std::span<Wanted> wanted) {
  for (Wanted& one : wanted) one.value.reset();
  while (auto names = take_line(text)) {
    if (take_word(*names) != protocol) continue;
    auto values = take_line(text);
    if (!values || take_word(*values) != protocol) return false;
    while (true) {
      const std::string_view name = take_word(*names), value = take_word(*values);
      if (name.empty() || value.empty()) return true;
      const auto at = std::ranges::find(wanted, name, &Wanted::column);
      if (at != wanted.end()) at->value = as_number(value);
    }
  }
  return false;
}

units::Result<void> TcpSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  std::array<Wanted, 8> tcp{{{"InSegs", {}},
                             {"OutSegs", {}},
                             {"RetransSegs", {}},
                             {"ActiveOpens", {}},
                             {"PassiveOpens", {}},
                             {"AttemptFails", {}},
                             {"EstabResets", {}},
                             {"OutRsts", {}}}};
  if (!read_columns(*text, "Tcp:", tcp)) {
    return units::fail(units::ErrorCode::corrupt, "/proc/net/snmp has no two lines of Tcp");
  }
  const std::array<LateSeries*, 8> series{&received_, &sent_,   &retransmits_, &outgoing_,
                                          &incoming_, &failed_, &reset_,       &resets_sent_};
  for (std::size_t i = 0; i < tcp.size(); ++i) series[i]->put(draft, tcp[i].value);
  std::array<Wanted, 1> udp{{{"InErrors", {}}}};
  read_columns(*text, "Udp:", udp);
  udp_errors_.put(draft, udp[0].value);
  return {};
}

units::Result<void> ListenSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  std::array<Wanted, 2> wanted{{{"ListenOverflows", {}}, {"ListenDrops", {}}}};
  if (!read_columns(*text, "TcpExt:", wanted)) {
    return units::fail(units::ErrorCode::corrupt, "/proc/net/netstat has no two lines of TcpExt");
  }
  overflows_.put(draft, wanted[0].value);
  drops_.put(draft, wanted[1].value);
  return {};
}

}  // namespace vedette::collect
