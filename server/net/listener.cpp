#include "server/net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "schema/units/log.h"

namespace vedette::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr units::Milliseconds kRest{100};
constexpr std::size_t kMostTurnedAway = 64;
constexpr std::chrono::minutes kQuietOfStrangers{1};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
};

units::Result<Address> listen_address(const Config& config) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, config.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(config.port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (::inet_pton(AF_INET6, config.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(config.port);
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return units::fail(units::ErrorCode::invalid, "[server] listen: \"" + config.address +
                                                    "\" is no IPv4 or IPv6 address; 0.0.0.0 or :: stand for all");
}

std::unexpected<units::Error> cannot_listen(const Config& config, int error) {
  const std::string where = "port " + std::to_string(config.port) + " on " + config.address;
  if (error == EADDRINUSE) {
    return units::fail(
        units::ErrorCode::conflict,
        where + " is in use: stop what listens there (ss -ltnp shows it) or set another [server] listen");
  }
  if (error == EACCES) {
    return units::fail(units::ErrorCode::forbidden,
                       where + " needs CAP_NET_BIND_SERVICE: give it to the service or set a port above 1023");
  }
  if (error == EADDRNOTAVAIL) {
    return units::fail(units::ErrorCode::invalid,
                       where + ": no interface has this address; set [server] listen to one that exists or 0.0.0.0");
  }
  return units::fail(units::ErrorCode::io, "can't listen on " + where + ": " + std::strerror(error));
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

units::Result<Descriptor> listen_on(const Config& config) {
  const auto address = listen_address(config);
  if (!address) return std::unexpected(address.error());
  Descriptor socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return cannot_listen(config, errno);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address->storage.ss_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0 ||
      ::listen(socket.get(), 4'096) != 0) {
    return cannot_listen(config, errno);
  }
  return socket;
}

std::uint16_t local_port(const Descriptor& socket) {
  Address address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) return 0;
  return address.storage.ss_family == AF_INET ? ntohs(reinterpret_cast<sockaddr_in&>(address.storage).sin_port)
                                              : ntohs(reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port);
}

Listener::Listener(Loop& loop, const Config& config, Most most, Refusals& refusals, Descriptor socket, Take take)
    : loop_(loop),
      config_(config),
      most_(most),
      refusals_(refusals),
      socket_(std::move(socket)),
      take_(std::move(take)) {}

void Listener::start() {
  if (socket_.get() < 0 || std::exchange(watching_, true)) return;
  key_ = loop_.watch(socket_.get(), EPOLLIN, *this);
}

void Listener::stop() {
  if (std::exchange(watching_, false)) loop_.unwatch(key_, socket_.get());
  socket_ = Descriptor();
}

void Listener::on_ready(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    Descriptor fd(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() >= 0) {
      if (std::exchange(exhausted_, false)) units::log(units::Level::notice, "connections are accepted again");
      admit(std::move(fd), address_of(storage));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return rest();
    if (errno == EAGAIN) return;
    // Anything else (ECONNABORTED, EPROTO …) belongs to the one connection that failed before it was accepted.
  }
}

/// Out of descriptors the port stays readable and would spin the loop: look away; those who wait are in the backlog.
void Listener::rest() {
  ++rests_;
  if (!std::exchange(exhausted_, true)) {
    units::log_warning("can't accept connections for now; those that are open go on",
                       {{"error", std::strerror(errno)}, {"open", connections()}});
  }
  if (std::exchange(watching_, false)) loop_.unwatch(key_, socket_.get());
  loop_.after(kRest, [this] { start(); });
}

Standing Listener::judge(const PeerAddress& address) {
  if (connections_ >= most_.connections) {
    ++refusals_.connections;
    return Standing::over_total;
  }
  const auto counted = unproven_.find(address.network);
  if (config_.is_proxy(address.host) || counted == unproven_.end() || counted->second < config_.unproven_per_address)
    return Standing::unproven;
  ++refusals_.unproven_per_address;
  return Standing::over_address;
}

/// Past the proxies there is no TLS: what comes there, and the answer to it, anybody on the way could read and change.
bool Listener::is_stranger(const PeerAddress& address) {
  if (!config_.only_proxies || config_.trusts(address.host)) return false;
  const std::uint64_t count = ++refusals_.not_a_proxy;
  if (told_of_strangers_ && loop_.now() - *told_of_strangers_ < kQuietOfStrangers) return true;
  told_of_strangers_ = loop_.now();
  units::log_warning(
      "a connection past the proxy was closed unread: with tls.at_proxy only server.trusted_proxies may connect",
      {{"peer", address.text}, {"such_since_start", count}});
  return true;
}

void Listener::admit(Descriptor fd, PeerAddress address) {
  if (is_stranger(address)) return;
  const Standing standing = judge(address);
  bool full = false;
  if (standing == Standing::unproven) {
    full = unproven_in_all_ >= most_.unproven;
    ++connections_;
    ++unproven_in_all_;
    ++unproven_[address.network];
  } else {
    // Words cost a TLS handshake and a descriptor: a flood hears none.
    if (turned_away_ >= kMostTurnedAway) return;
    ++turned_away_;
  }
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(config_.tcp_user_timeout.count()));
  take_(std::move(fd), std::move(address), standing, full);
}

void Listener::on_proven(const std::string& network) {
  loop_.post([this, network] { release(network); });
}

void Listener::on_gone(const std::string& network, Standing standing) {
  if (standing == Standing::over_address || standing == Standing::over_total) {
    return loop_.post([this] { --turned_away_; });
  }
  --connections_;
  if (standing == Standing::unproven) on_proven(network);
}

void Listener::release(const std::string& network) {
  --unproven_in_all_;
  const auto found = unproven_.find(network);
  if (found != unproven_.end() && --found->second == 0) unproven_.erase(found);
}

}  // namespace vedette::net
