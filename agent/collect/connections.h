// TCP connections by state, of this network namespace, without asking the kernel for each: /proc/net/tcp would take 10
// ms a reading, and so would a list of many connections from inet_diag (sock_diag(7)).
//
// Of the two states that busy machines have thousands of, the kernel keeps counts: ESTABLISHED + CLOSE_WAIT
// (/proc/net/snmp, CurrEstab) and TIME_WAIT (/proc/net/sockstat, tw). Only the others are listed, over netlink. Even so
// the kernel walks its whole table, 0.3 ms and more. So first only listening sockets are listed; if these and CurrEstab
// make up all sockets in use and none is in TIME_WAIT, nothing is being opened or closed. Then only CLOSE_WAIT and
// SYN_RECV could have changed, which show in no count of their own: for them the table is walked once a minute.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/collect/proc_file.h"
#include "agent/collect/sockstat.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// By the kernel's numbers of the states (include/net/tcp_states.h, 1 … 12); 0 and 7 (CLOSE) are never listed.
struct ConnectionCounts {
  std::array<std::uint64_t, 13> by_state{};
  std::uint64_t waiting_fin = 0;  ///< of FIN_WAIT_2: those that the kernel counts among `tw` too
};

enum class Dump : std::uint8_t { more, done, refused };

/// Counts the sockets of one piece of the answer. `refused`: the kernel has no inet_diag or doesn't let us; also if the
/// bytes aren't netlink's.
[[nodiscard]] Dump count_sockets(std::span<const std::byte> piece, ConnectionCounts& counts) noexcept;

class ConnectionSource final : public Source {
 public:
  explicit ConnectionSource(const std::string& proc);
  ~ConnectionSource() override;
  [[nodiscard]] std::string_view name() const noexcept override { return "inet_diag"; }
  /// `not_found` where the kernel has no inet_diag or netlink isn't allowed.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;
  [[nodiscard]] std::uint64_t walks() const noexcept { return walks_; }  ///< times the whole table was walked

 private:
  [[nodiscard]] units::Result<void> list(std::uint32_t states, ConnectionCounts& counts);
  [[nodiscard]] units::Result<void> read_counts();
  [[nodiscard]] bool all_accounted(std::uint64_t listening) const noexcept;
  void put(Draft& draft, const ConnectionCounts& counts);

  int socket_ = -1;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
  ProcFile snmp_, sockstat_, sockstat6_;
  std::optional<std::uint64_t> established_;  ///< CLOSE_WAIT included
  Sockstat sockets_;
  std::uint64_t walks_ = 0;
  int unwalked_ = kWalkEvery;  ///< readings since the table was walked
  ConnectionCounts walked_;    ///< what that gave
  static constexpr int kWalkEvery = 6;
  std::array<std::optional<LateSeries>, 13> series_;  ///< by state
};

}  // namespace vedette::collect
