#include "agent/link/race.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace vedette::link {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

SocketAddress v4(const char* text, std::uint16_t port) {
  SocketAddress out;
  auto* address = reinterpret_cast<sockaddr_in*>(&out.storage);
  address->sin_family = AF_INET;
  address->sin_port = htons(port);
  ::inet_pton(AF_INET, text, &address->sin_addr);
  out.length = sizeof *address;
  return out;
}

SocketAddress v6(const char* text) {
  SocketAddress out;
  auto* address = reinterpret_cast<sockaddr_in6*>(&out.storage);
  address->sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, text, &address->sin6_addr);
  out.length = sizeof *address;
  return out;
}

/// Listens on a loopback port. With a full queue it answers nobody any more, like an address whose packets vanish.
class Listener {
 public:
  explicit Listener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress any = v4("127.0.0.1", 0);
    auto* address = reinterpret_cast<sockaddr*>(&any.storage);
    if (::bind(fd_, address, any.length) != 0 || ::listen(fd_, backlog) != 0) std::abort();
    ::getsockname(fd_, address, &any.length);
    port = ntohs(reinterpret_cast<sockaddr_in*>(address)->sin_port);
  }
  ~Listener() {
    for (const int fd : fillers_) ::close(fd);
    ::close(fd_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void fill() {
    const SocketAddress to = v4("127.0.0.1", port);
    for (int i = 0; i < 3; ++i) {
      fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&to.storage), to.length);
    }
  }

  std::uint16_t port = 0;

 private:
  int fd_;
  std::vector<int> fillers_;
};

units::Result<Race::Winner> run(Race& race) {
  while (true) {
    if (auto end = race.step(Clock::now())) return *end;
    std::vector<pollfd> list;
    race.interests(list);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(race.deadline() - Clock::now()).count();
    ::poll(list.data(), list.size(), left > 0 ? static_cast<int>(left) : 0);
  }
}

TEST(Race, FamiliesTakeTurnsBeginningWithTheResolversFirst) {
  const auto turns = interleaved({v6("::1"), v6("::2"), v6("::3"), v4("192.0.2.1", 1), v4("192.0.2.2", 1)});
  std::vector<std::string> texts;
  for (const auto& one : turns) texts.push_back(to_string(one));
  EXPECT_THAT(texts, testing::ElementsAre("::1", "192.0.2.1", "::2", "192.0.2.2", "::3"));
  EXPECT_EQ(interleaved(std::vector<SocketAddress>(100, v6("::1"))).size(), kMostAddresses);
  EXPECT_TRUE(interleaved({}).empty());
}

TEST(Race, AnAddressWhosePacketsVanishCostsItsHeadStartAndNoTimeout) {
  Listener silent(0), good(16);
  silent.fill();
  Race race({v4("127.0.0.1", silent.port), v4("127.0.0.1", good.port)}, {.head_start = 250ms, .each = 60s});
  const auto began = Clock::now();
  const auto winner = run(race);
  ASSERT_TRUE(winner) << winner.error().message;
  EXPECT_GE(Clock::now() - began, 250ms);
  EXPECT_LT(Clock::now() - began, 30s);
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  ::getpeername(winner->socket, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length);
  EXPECT_EQ(ntohs(reinterpret_cast<sockaddr_in*>(&peer.storage)->sin_port), good.port);
  ::close(winner->socket);
}

TEST(Race, AnAddressThatRefusesIsFollowedAtOnce) {
  Listener good(16);
  Race race({v4("127.0.0.1", 1), v4("127.0.0.1", good.port)}, {.head_start = 60s, .each = 60s});
  const auto began = Clock::now();
  const auto winner = run(race);
  ASSERT_TRUE(winner) << winner.error().message;
  EXPECT_LT(Clock::now() - began, 30s);
  ::close(winner->socket);
}

TEST(Race, ARefusalDoesNotEndTheRaceOfTheOthers) {
  Listener slow(0);
  slow.fill();
  Race race({v4("127.0.0.1", slow.port), v4("127.0.0.1", 1)}, {.head_start = 10ms, .each = 300ms});
  const auto winner = run(race);
  ASSERT_FALSE(winner);
  EXPECT_EQ(winner.error().message, "127.0.0.1: no answer") << "the refusal didn't end the race";
}

TEST(Race, WithoutAddressesItIsOver) {
  Race race({}, {});
  EXPECT_EQ(run(race).error().message, "it has no address");
}

}  // namespace
}  // namespace vedette::link
