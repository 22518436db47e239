#include "agent/collect/connections.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "agent/collect/sockstat.h"
#include "agent/collect/tcp.h"

namespace vedette::collect {
namespace {

// include/net/tcp_states.h
enum State : std::uint8_t {
  established = 1,
  syn_sent,
  syn_received,
  fin_wait_1,
  fin_wait_2,
  time_wait,
  close,
  close_wait,
  last_ack,
  listen,
  closing,
  new_syn_received,  // what SYN_RECV is called inside the kernel since 4.1
};

constexpr std::uint8_t kTimerOfTimeWait =
    3;                                     // idiag_timer; a FIN_WAIT_2 with it waits as a small stand-in, counted in tw
constexpr std::size_t kBuffer = 8 * 1024;  // the kernel fills what it is offered, in pieces of 8 kB at least

constexpr std::uint32_t kListening = 1U << listen;
constexpr std::uint32_t kListed = (1U << syn_sent) | (1U << syn_received) | (1U << fin_wait_1) | (1U << fin_wait_2) |
                                  (1U << close_wait) | (1U << last_ack) | (1U << listen) | (1U << closing) |
                                  (1U << new_syn_received);

struct Request {
  nlmsghdr head;
  inet_diag_req body;
};

Request request(std::uint32_t sequence, std::uint32_t states) {
  Request ask{};
  ask.head.nlmsg_len = sizeof ask;
  // The older form, which lists IPv4 and IPv6 in one pass over the kernel's table.
  ask.head.nlmsg_type = TCPDIAG_GETSOCK;
  ask.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.head.nlmsg_seq = sequence;
  ask.body.idiag_family = AF_UNSPEC;
  ask.body.idiag_states = states;
  return ask;
}

units::Result<void> failed(const char* what, int error) {
  const bool absent = error == ENOENT || error == EACCES || error == EPERM || error == EPROTONOSUPPORT ||
                      error == EAFNOSUPPORT || error == EINVAL || error == EOPNOTSUPP;
  return units::fail(absent ? units::ErrorCode::not_found : units::ErrorCode::io,
                     std::string(what) + ": " + std::strerror(error));
}

std::uint64_t less(std::uint64_t all, std::uint64_t part) {
  return all > part ? all - part : 0;
}

}  // namespace

Dump count_sockets(std::span<const std::byte> piece, ConnectionCounts& counts) noexcept {
  while (piece.size() >= sizeof(nlmsghdr)) {
    nlmsghdr head{};
    std::memcpy(&head, piece.data(), sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > piece.size()) return Dump::refused;
    if (head.nlmsg_type == NLMSG_DONE) {
      // A kernel without the module ends the list at once, with an error number in it.
      std::int32_t error = 0;
      if (head.nlmsg_len >= NLMSG_HDRLEN + sizeof error) {
        std::memcpy(&error, piece.data() + NLMSG_HDRLEN, sizeof error);
      }
      return error < 0 ? Dump::refused : Dump::done;
    }
    if (head.nlmsg_type == NLMSG_ERROR) return Dump::refused;
    if (head.nlmsg_len >= NLMSG_HDRLEN + sizeof(inet_diag_msg)) {
      inet_diag_msg socket{};
      std::memcpy(&socket, piece.data() + NLMSG_HDRLEN, sizeof socket);
      if (socket.idiag_state < counts.by_state.size()) ++counts.by_state[socket.idiag_state];
      if (socket.idiag_state == fin_wait_2 && socket.idiag_timer == kTimerOfTimeWait) ++counts.waiting_fin;
    }
    piece = piece.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), piece.size()));
  }
  return Dump::more;
}

ConnectionSource::ConnectionSource(const std::string& proc)
    : snmp_(proc + "/net/snmp"), sockstat_(proc + "/net/sockstat"), sockstat6_(proc + "/net/sockstat6") {
  constexpr std::array<std::pair<State, std::string_view>, 10> kNames{{{established, "established"},
                                                                       {syn_sent, "syn_sent"},
                                                                       {syn_received, "syn_received"},
                                                                       {fin_wait_1, "fin_wait_1"},
                                                                       {fin_wait_2, "fin_wait_2"},
                                                                       {time_wait, "time_wait"},
                                                                       {close_wait, "close_wait"},
                                                                       {last_ack, "last_ack"},
                                                                       {listen, "listen"},
                                                                       {closing, "closing"}}};
  for (const auto& [state, name] : kNames)
    series_[state].emplace("system.network.connection.count", Roster::Attribute{"state", name});
}

ConnectionSource::~ConnectionSource() {
  if (socket_ >= 0) ::close(socket_);
}

units::Result<void> ConnectionSource::list(std::uint32_t states, ConnectionCounts& counts) {
  counts = {};
  if (socket_ < 0) {
    socket_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (socket_ < 0) return failed("netlink", errno);
    // The kernel answers at once or never; never is not to hold up the tick for long.
    const timeval limit{.tv_sec = 0, .tv_usec = 100'000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    buffer_.resize(kBuffer);
  }
  const Request ask = request(++sequence_, states);
  Dump state = Dump::more;
  int error = ENOENT;  // what a kernel without inet_diag answers
  if (::send(socket_, &ask, sizeof ask, 0) != sizeof ask) error = errno, state = Dump::refused;
  while (state == Dump::more) {
    const ssize_t n = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) error = n < 0 ? errno : EIO, state = Dump::refused;
    if (n > 0) state = count_sockets(std::span(buffer_).first(static_cast<std::size_t>(n)), counts);
  }
  if (state == Dump::done) return {};
  ::close(socket_);  // what is left of this answer goes with it
  socket_ = -1;
  return failed("inet_diag", error);
}

units::Result<void> ConnectionSource::read_counts() {
  const auto snmp = snmp_.read();
  if (!snmp) return std::unexpected(snmp.error());
  std::array<Wanted, 1> tcp{{{"CurrEstab", {}}}};
  read_columns(*snmp, "Tcp:", tcp);
  established_ = tcp[0].value;
  const auto text = sockstat_.read();
  const auto sockets = text ? parse_sockstat(*text) : std::unexpected(text.error());
  if (!sockets) return std::unexpected(sockets.error());
  sockets_ = *sockets;
  if (const auto six = sockstat6_.read()) add_sockstat6(*six, sockets_);
  return {};
}

bool ConnectionSource::all_accounted(std::uint64_t listening) const noexcept {
  return established_ && sockets_.tcp == listening + *established_ && sockets_.time_wait == 0U;
}

units::Result<void> ConnectionSource::read(Draft& draft) {
  if (const auto told = read_counts(); !told) return told;
  ConnectionCounts counts;
  if (const auto listed = list(kListening, counts); !listed) return listed;
  if (++unwalked_ >= kWalkEvery || !all_accounted(counts.by_state[listen])) {
    unwalked_ = 0;
    ++walks_;
    if (const auto listed = list(kListed, counts); !listed) return listed;
    walked_ = counts;
  } else {
    for (const State state : {close_wait, syn_received, new_syn_received})
      counts.by_state[state] = walked_.by_state[state];
    counts.by_state[close_wait] = std::min(counts.by_state[close_wait], established_.value_or(0));
  }
  put(draft, counts);
  return {};
}

void ConnectionSource::put(Draft& draft, const ConnectionCounts& counts) {
  const auto& listed = counts.by_state;
  if (established_) series_[established]->put(draft, less(*established_, listed[close_wait]));
  if (sockets_.time_wait) series_[time_wait]->put(draft, less(*sockets_.time_wait, counts.waiting_fin));
  series_[syn_received]->put(draft, listed[syn_received] + listed[new_syn_received]);
  for (const State state : {syn_sent, fin_wait_1, fin_wait_2, close_wait, last_ack, listen, closing})
    series_[state]->put(draft, listed[state]);
}

}  // namespace vedette::collect
