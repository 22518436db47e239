#include "agent/collect/network.h"

#include <algorithm>
#include <array>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

std::optional<InterfaceStats> parse_interface(std::string_view line) {
  // Kernels before 2.6.38 print no blank after the colon; an alias ("eth0:1") has one in its name.
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view head = line.substr(0, colon);
  std::string_view rest = line.substr(colon + 1);
  InterfaceStats stats;
  stats.name = take_word(head);
  std::array<std::uint64_t, 16> fields{};
  for (std::uint64_t& field : fields) {
    const auto number = take_number(rest);
    if (!number) return std::nullopt;
    field = *number;
  }
  if (stats.name.empty()) return std::nullopt;
  stats.received = {fields[0], fields[1], fields[2], fields[3]};
  stats.sent = {fields[8], fields[9], fields[10], fields[11]};
  return stats;
}

/// A name that software makes up anew for each container, pod or virtual machine: prefix and then anything, or 8
/// hexadecimal digits where people give names with the same prefix (lxcbr0, br-lan).
struct PassingName {
  std::string_view prefix;
  bool hex;
};
constexpr std::array<PassingName, 9> kPassing{{
    {"veth", false},  // containers: Docker, Podman, LXC, most Kubernetes networks
    {"cali", false},  // pods: Calico
    {"lxc", true},    // pods: Cilium
    {"eni", true},    // pods: Amazon EKS
    {"azv", true},    // pods: Azure
    {"gke", true},    // pods: Google
    {"tap",
     true},  // virtual machines: OpenStack (tap0 is a VPN, tap101i0 Proxmox' 101st machine for as long as it is there)
    {"vnet", false},  // virtual machines: libvirt
    {"br-", true},    // a Docker network's bridge
}};

bool passing(std::string_view name) {
  return std::ranges::any_of(kPassing, [&](const PassingName& one) {
    if (!name.starts_with(one.prefix)) return false;
    const std::string_view rest = name.substr(one.prefix.size());
    return !one.hex || (rest.size() >= 8 && rest.find_first_not_of("0123456789abcdef") >= 8);
  });
}

bool left_out(const InterfaceStats& stats) {
  return stats.name == "lo" || stats.received.packets + stats.sent.packets == 0 || passing(stats.name);
}

void put(Draft& draft, const auto& numbers, const InterfaceStats::Direction& direction) {
  draft.put(numbers.bytes, clamped(direction.bytes));
  draft.put(numbers.packets, clamped(direction.packets));
  draft.put(numbers.errors, clamped(direction.errors));
  draft.put(numbers.dropped, clamped(direction.dropped));
}

}  // namespace

units::Result<void> parse_net_dev(std::string_view text, std::vector<InterfaceStats>& all) {
  all.clear();
  const auto first = take_line(text), second = take_line(text);
  if (!first || !second || second->find("bytes") == std::string_view::npos) {
    return units::fail(units::ErrorCode::corrupt, "/proc/net/dev lacks its two head lines");
  }
  while (const auto line = take_line(text)) {
    const auto stats = parse_interface(*line);
    if (stats && !left_out(*stats)) all.push_back(*stats);
  }
  return {};
}

const NetworkSource::Both& NetworkSource::numbers_of(std::string_view interface, Roster& roster) {
  if (const auto known = numbers_.find(interface); known != numbers_.end()) return known->second;
  static constexpr Numbers kNone{kRefused, kRefused, kRefused, kRefused};
  static constexpr Both kNeither{kNone, kNone};
  if (roster.full()) return kNeither;
  const auto one = [&](std::string_view direction) {
    const Roster::Attributes attributes{{"direction", direction}, {"interface", interface}};
    return Numbers{roster.add("system.network.io", attributes), roster.add("system.network.packets", attributes),
                   roster.add("system.network.errors", attributes), roster.add("system.network.dropped", attributes)};
  };
  const Both both{one("receive"), one("transmit")};
  return numbers_.emplace(interface, both).first->second;
}

units::Result<void> NetworkSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  if (const auto parsed = parse_net_dev(*text, all_); !parsed) return parsed;
  for (const InterfaceStats& stats : all_) {
    const Both& numbers = numbers_of(stats.name, draft.roster());
    put(draft, numbers.received, stats.received);
    put(draft, numbers.sent, stats.sent);
  }
  return {};
}

}  // namespace vedette::collect
