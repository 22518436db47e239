// /proc/net/snmp and netstat: counts of TCP and UDP (RFC 4022, RFC 4113; of this network namespace).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct Wanted {
  std::string_view column;
  std::optional<std::uint64_t> value;
};

/// Both files hold pairs of lines, names above values, that begin with the same word ("Tcp:"). Finds the pair of
/// `protocol` and fills the values of `wanted`; absent where the kernel has no such column, the number isn't one or the
/// lines don't match. False if there is no such pair.
bool read_columns(std::string_view text, std::string_view protocol, std::span<Wanted> wanted);

/// snmp: what is cheap enough for each tick.
class TcpSource final : public Source {
 public:
  explicit TcpSource(const std::string& proc) : file_(proc + "/net/snmp") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries received_{"system.network.tcp.segments", {"direction", "receive"}},
      sent_{"system.network.tcp.segments", {"direction", "transmit"}}, retransmits_{"system.network.tcp.retransmits"},
      outgoing_{"system.network.tcp.opens", {"direction", "outgoing"}},
      incoming_{"system.network.tcp.opens", {"direction", "incoming"}}, failed_{"system.network.tcp.failed_opens"},
      reset_{"system.network.tcp.established_resets"}, resets_sent_{"system.network.tcp.resets"},
      udp_errors_{"system.network.udp.errors"};
};

/// netstat: 130 columns, summed over all cores by the kernel at each reading.
class ListenSource final : public Source {
 public:
  explicit ListenSource(const std::string& proc) : file_(proc + "/net/netstat") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries overflows_{"system.network.tcp.listen_overflows"}, drops_{"system.network.tcp.listen_drops"};
};

}  // namespace vedette::collect
