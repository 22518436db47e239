#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/collect/connections.h"
#include "agent/collect/sockstat.h"
#include "agent/collect/tcp.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/collect/reading.h"

namespace vedette::collect {
namespace {

TEST(ReadColumns, FindsColumnsByNameInTheirKernelsOrder) {
  std::array<Wanted, 3> wanted{{{"RetransSegs", {}}, {"MaxConn", {}}, {"NoSuchColumn", 5}}};
  ASSERT_TRUE(read_columns(capture("snmp-3.10"), "Tcp:", wanted));
  EXPECT_EQ(wanted[0].value, 40123U);
  EXPECT_FALSE(wanted[1].value.has_value()) << "it is -1";
  EXPECT_FALSE(wanted[2].value.has_value());
  ASSERT_TRUE(read_columns(capture("snmp-6.18"), "Tcp:", wanted)) << "with Ip's own new columns above";
  EXPECT_EQ(wanted[0].value, 634975U);
  std::array<Wanted, 2> listen{{{"ListenOverflows", {}}, {"ListenDrops", {}}}};
  ASSERT_TRUE(read_columns(capture("netstat-6.18"), "TcpExt:", listen));
  EXPECT_EQ(listen[0].value, 411293U);
  EXPECT_EQ(listen[1].value, 411293U);
}

TEST(ReadColumns, TornAndMismatchedLinesGiveNothing) {
  std::array<Wanted, 2> wanted{{{"a", 1}, {"b", 2}}};
  EXPECT_FALSE(read_columns("", "Tcp:", wanted));
  EXPECT_FALSE(wanted[0].value.has_value());
  EXPECT_FALSE(read_columns("Tcp: a b\n", "Tcp:", wanted));
  EXPECT_FALSE(read_columns("Tcp: a b\nTcp: 1 2", "Tcp:", wanted));
  EXPECT_FALSE(read_columns("Tcp: a b\nUdp: 1 2\n", "Tcp:", wanted));
  EXPECT_TRUE(read_columns("Tcp: a b\nTcp: 7\n", "Tcp:", wanted));
  EXPECT_EQ(wanted[0].value, 7U);
  EXPECT_FALSE(wanted[1].value.has_value());
  EXPECT_TRUE(read_columns("Tcp: a b\nTcp: 99999999999999999999 8\n", "Tcp:", wanted));
  EXPECT_FALSE(wanted[0].value.has_value());
  EXPECT_EQ(wanted[1].value, 8U);
}

TEST(TcpSource, TellsRhel7sCounts) {
  const FakeProc proc;
  proc.write("net/snmp", capture("snmp-3.10"));
  TcpSource source(proc.path());
  Reading reading(source);
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(reading["system.network.tcp.retransmits"], 40123);
  EXPECT_EQ(reading["system.network.tcp.segments{direction=transmit}"], 91231231);
  EXPECT_EQ(reading["system.network.tcp.opens{direction=incoming}"], 1023123);
  EXPECT_EQ(reading["system.network.tcp.failed_opens"], 812);
  EXPECT_EQ(reading["system.network.tcp.resets"], 51231);
  EXPECT_EQ(reading["system.network.tcp.established_resets"], 4123);
  EXPECT_EQ(reading["system.network.udp.errors"], 77);
  proc.write("net/snmp", "Ip: a\nIp: 1\n");
  EXPECT_EQ(reading.read().error().code, units::ErrorCode::corrupt);
}

TEST(Sockstat, AddsBothProtocolsOfIp) {
  Sockstat all = parse_sockstat(capture("sockstat-3.10")).value();
  EXPECT_EQ(all.used, 843U);
  EXPECT_EQ(all.tcp, 52U);
  EXPECT_EQ(all.orphaned, 3U);
  EXPECT_EQ(all.time_wait, 118U);
  EXPECT_EQ(all.tcp_pages, 12U);
  add_sockstat6(capture("sockstat6-3.10"), all);
  EXPECT_EQ(all.tcp, 52U + 21);
  EXPECT_EQ(all.udp, 9U + 4);
  add_sockstat6(capture("sockstat6-6.18"), all);  // none in use
  EXPECT_EQ(all.tcp, 52U + 21);
  add_sockstat6("TCP6: inuse x\nUDP6: inuse 1", all);
  EXPECT_EQ(all.tcp, 52U + 21);
  EXPECT_EQ(all.udp, 9U + 4);
  for (const char* text : {"", "sockets: used 5\n", "TCP: inuse\n", "TCP: inuse 5"})
    EXPECT_FALSE(parse_sockstat(text).has_value()) << text;
}

TEST(SockstatSource, AMachineWithoutIpv6TellsTheRest) {
  const FakeProc proc;
  proc.write("net/sockstat", capture("sockstat-3.10"));
  SockstatSource source(proc.path());
  Reading reading(source);
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(reading["system.network.socket.count{protocol=tcp}"], 52);
  EXPECT_EQ(reading["system.network.socket.memory{protocol=tcp}"], 12.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
}

/// One message of the kernel's answer.
std::vector<std::byte> message(std::uint16_t type, std::uint8_t state, std::uint8_t timer = 0) {
  struct {
    nlmsghdr head;
    inet_diag_msg body;
  } one{};
  one.head.nlmsg_len = sizeof one;
  one.head.nlmsg_type = type;
  one.body.idiag_state = state;
  one.body.idiag_timer = timer;
  std::vector<std::byte> bytes(sizeof one);
  std::memcpy(bytes.data(), &one, sizeof one);
  return bytes;
}

std::vector<std::byte> joined(std::initializer_list<std::vector<std::byte>> parts) {
  std::vector<std::byte> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(CountSockets, CountsStatesUntilTheEnd) {
  ConnectionCounts counts;
  EXPECT_EQ(count_sockets(joined({message(20, 10), message(20, 10), message(20, 5, 3)}), counts), Dump::more);
  EXPECT_EQ(count_sockets(joined({message(20, 5), message(20, 200), message(NLMSG_DONE, 0), message(20, 10)}), counts),
            Dump::done);
  EXPECT_EQ(counts.by_state[10], 2U);
  EXPECT_EQ(counts.by_state[5], 2U);
  EXPECT_EQ(counts.waiting_fin, 1U);
}

TEST(CountSockets, NeverReadsPastTornOrLyingMessages) {
  ConnectionCounts counts;
  const auto whole = message(20, 10);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> torn(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(count_sockets(torn, counts), Dump::done);
  }
  for (const std::uint32_t length : {0U, 1U, 15U, 0xffff'ffffU}) {
    auto lying = whole;
    std::memcpy(lying.data(), &length, sizeof length);
    EXPECT_EQ(count_sockets(lying, counts), Dump::refused);
  }
  EXPECT_EQ(count_sockets(message(NLMSG_ERROR, 0), counts), Dump::refused);
  auto without = message(NLMSG_DONE, 0);
  const std::int32_t no_such_module = -ENOENT;
  std::memcpy(without.data() + NLMSG_HDRLEN, &no_such_module, sizeof no_such_module);
  EXPECT_EQ(count_sockets(without, counts), Dump::refused);
  EXPECT_EQ(counts.by_state[10], 0U);
}

class Socket {
 public:
  Socket() : Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

TEST(ConnectionSource, CountsRealSocketsOfThisMachine) {
  ConnectionSource source("/proc");
  Reading reading(source);
  const auto count = [&](const char* state) {
    return reading[std::string("system.network.connection.count{state=") + state + "}"].value_or(-1);
  };
  if (const auto read = reading.read(); !read) {
    GTEST_SKIP() << "this kernel has no inet_diag: " << read.error().message;
  }
  // Other tests' sockets come and go meanwhile; 40 more in two states are seen all the same.
  const double listening = count("listen"), closing = count("close_wait");
  std::vector<std::unique_ptr<Socket>> held;
  for (int i = 0; i < 40; ++i) {
    const auto& listener = held.emplace_back(std::make_unique<Socket>());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener->fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener->fd(), 1), 0);
    ASSERT_EQ(::getsockname(listener->fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const Socket client;
    ASSERT_EQ(::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
    // The client goes at the end of this block: the accepted end stays in CLOSE_WAIT.
    held.push_back(std::make_unique<Socket>(::accept(listener->fd(), nullptr, nullptr)));
  }
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_GE(count("listen"), listening + 20);
  EXPECT_GE(count("close_wait"), closing + 20);
  EXPECT_GE(count("established"), 0);
  EXPECT_GE(count("time_wait"), 0);
  held.clear();
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_GE(count("listen"), 0);
  EXPECT_LE(count("close_wait"), closing + 20) << "what is gone isn't told from memory";
}

TEST(ConnectionSource, ATableThatCountsExplainIsWalkedOnceAMinuteAndOthersEachTime) {
  // Counts of our own beside the real list: what they say decides, and what is established comes from them.
  const FakeProc proc;
  const auto write = [&](int established, int used, int time_wait) {
    proc.write("net/snmp", "Tcp: CurrEstab\nTcp: " + std::to_string(established) + "\n");
    proc.write("net/sockstat",
               "TCP: inuse " + std::to_string(used) + " orphan 0 tw " + std::to_string(time_wait) + "\n");
  };
  write(1000, 5, 7);
  ConnectionSource source(proc.path());
  Reading reading(source);
  if (const auto read = reading.read(); !read) GTEST_SKIP() << read.error().message;
  EXPECT_EQ(source.walks(), 1U);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(source.walks(), 4U) << "the counts don't add up, so something is being opened or closed";
  EXPECT_LE(reading["system.network.connection.count{state=established}"].value(), 1000);
  EXPECT_LE(reading["system.network.connection.count{state=time_wait}"].value(), 7);
  const auto listening = static_cast<int>(reading["system.network.connection.count{state=listen}"].value());
  write(1000, 1000 + listening, 0);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(reading.read().has_value());
  if (static_cast<int>(reading["system.network.connection.count{state=listen}"].value()) != listening) {
    GTEST_SKIP() << "another program began or ceased to listen meanwhile";
  }
  EXPECT_EQ(source.walks(), 4U + 2);
  write(1000, 1000 + listening, 1);
  ASSERT_TRUE(reading.read().has_value());
  EXPECT_EQ(source.walks(), 4U + 3) << "where something is in TIME_WAIT, something was closed";
}

}  // namespace
}  // namespace vedette::collect
