// /proc/net/sockstat and sockstat6: how many sockets there are (proc(5); memory is the whole machine's, the rest of
// this network namespace).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct Sockstat {
  std::optional<std::uint64_t> used, tcp, udp, orphaned, time_wait;
  std::optional<std::uint64_t> tcp_pages, udp_pages;
};

/// sockstat. `corrupt` without the line of TCP.
[[nodiscard]] units::Result<Sockstat> parse_sockstat(std::string_view text);

/// Adds what sockstat6 tells; nothing if it is empty or torn.
void add_sockstat6(std::string_view text, Sockstat& all);

class SockstatSource final : public Source {
 public:
  explicit SockstatSource(const std::string& proc);
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_, six_;
  bool no_six_ = false;  ///< IPv6 is switched off: that takes a reboot
  std::uint64_t page_kib_;
  LateSeries used_{"system.network.socket.used"}, tcp_{"system.network.socket.count", {"protocol", "tcp"}},
      udp_{"system.network.socket.count", {"protocol", "udp"}}, orphaned_{"system.network.socket.orphaned"},
      tcp_memory_{"system.network.socket.memory", {"protocol", "tcp"}},
      udp_memory_{"system.network.socket.memory", {"protocol", "udp"}};
};

}  // namespace vedette::collect
