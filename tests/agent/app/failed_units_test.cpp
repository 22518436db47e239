#include "agent/app/failed_units.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "agent/app/bus.h"
#include "agent/app/bus_message.h"
#include "tests/agent/collect/reading.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

void put_number(std::string& out, std::uint32_t value) {
  while (out.size() % 4 != 0) out += '\0';
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

void put_text(std::string& out, const std::string& text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out += text + '\0';
}

/// systemd's reply to ListUnitsFiltered, serial 2: a(ssssssouso).
std::string reply_with(const std::vector<std::string>& names) {
  std::string units(8, '\0');  // the length, and padding to 8
  for (const std::string& name : names) {
    while (units.size() % 8 != 0) units += '\0';
    for (const std::string& field : {name, std::string("What it is"), std::string("loaded"), std::string("failed"),
                                     std::string("failed"), std::string(), "/org/freedesktop/systemd1/unit/" + name})
      put_text(units, field);
    put_number(units, 0);
    put_text(units, "");
    put_text(units, "/");
  }
  std::string length;
  put_number(length, static_cast<std::uint32_t>(units.size() - 8));
  units.replace(0, 4, length);
  std::string message("l\2\1\1", 4);
  put_number(message, static_cast<std::uint32_t>(units.size()));
  put_number(message, 7);
  put_number(message, 8);
  message += std::string("\5\1u\0\2\0\0\0", 8);
  return message + units;
}

using Names = std::vector<std::string>;

TEST(UnitNames, AreReadFromTheReply) {
  EXPECT_EQ(unit_names(reply_with({}), 2), Names{});
  const std::string reply = reply_with({"nginx.service", "a.mount", "systemd-fsck@dev-sda1.service"});
  EXPECT_EQ(unit_names(reply, 2), (Names{"nginx.service", "a.mount", "systemd-fsck@dev-sda1.service"}));
  EXPECT_EQ(unit_names(reply_with({"x.service"}) + reply, 3), std::nullopt);
  for (std::size_t size = 0; size < reply.size(); ++size)
    EXPECT_EQ(unit_names(std::string_view(reply).substr(0, size), 2), std::nullopt) << size;
  std::string error = reply;
  error[1] = 3;
  EXPECT_EQ(unit_names(error, 2), std::nullopt);
  std::string wrong = reply;  // a text longer than the message
  wrong[33] = '\xff';
  EXPECT_EQ(unit_names(wrong, 2), std::nullopt);
}

TEST(UnitNames, AreAskedForWithTheStateThatCounts) {
  const std::string call = list_failed_units(2);
  EXPECT_NE(call.find(std::string("\10\1g\0\2as\0", 8)), std::string::npos) << "the signature";
  EXPECT_EQ(call.substr(call.size() - 15), std::string("\13\0\0\0\6\0\0\0failed\0", 15));
  EXPECT_EQ(call[4], 15) << "the body's size";
}

/// A bus that serves one caller.
class FakeBus {
 public:
  explicit FakeBus(std::string reply)
      : path_((directory_ / "bus").string()), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 1) != 0) std::abort();
    thread_ = std::thread([this, reply = std::move(reply)] { serve(reply); });
  }
  ~FakeBus() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  FakeBus(const FakeBus&) = delete;
  FakeBus& operator=(const FakeBus&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static std::string until(int fd, std::string_view end) {
    std::string got;
    char byte = 0;
    while (!got.ends_with(end) && ::recv(fd, &byte, 1, 0) == 1) got += byte;
    return got;
  }
  void serve(const std::string& reply) const {
    const int fd = ::accept(fd_, nullptr, nullptr);
    if (fd < 0) return;
    if (until(fd, "\r\n").starts_with(std::string("\0AUTH EXTERNAL 3", 16))) {
      const std::string ok = "OK 0123\r\n";
      ::send(fd, ok.data(), ok.size(), MSG_NOSIGNAL);
      until(fd, std::string("failed\0", 7));
      ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
      until(fd, "nothing more");  // the caller hangs up
    }
    ::close(fd);
  }

  tests::TemporaryDirectory directory_;
  std::string path_;
  int fd_;
  std::thread thread_;
};

TEST(Bus, IsAskedAndAnswers) {
  const FakeBus bus(reply_with({"nginx.service"}));
  EXPECT_EQ(unit_names(ask_bus(list_failed_units(kBusSerial), 10s, bus.path()), kBusSerial), Names{"nginx.service"});
}

TEST(Bus, ThatDoesNotAnswerIsLeft) {
  const FakeBus bus("");
  EXPECT_EQ(ask_bus(list_failed_units(kBusSerial), 50ms, bus.path()), "");
  EXPECT_EQ(ask_bus(list_failed_units(kBusSerial), 50ms, "/nowhere/bus"), "");
}

TEST(FailedUnits, AreCountedAndTheirNamesToldOnce) {
  units::Steady now{};
  std::optional<Names> answer = Names{"a.service", "b.mount"};
  FailedUnits units([&now] { return now; }, [&answer] { return answer; });
  collect::Reading reading(units);
  const auto count = [&]() -> std::optional<double> { return reading["system.linux.systemd.units.failed"]; };
  // The helper thread answers when it gets a CPU.
  std::optional<Names> news;
  while (!news) {
    ASSERT_TRUE(reading.read());
    news = units.take_news();
    std::this_thread::yield();
  }
  EXPECT_EQ(news, answer);
  EXPECT_EQ(count(), 2);
  ASSERT_TRUE(reading.read());
  EXPECT_EQ(count(), 2) << "until it is asked again";
  EXPECT_EQ(units.take_news(), std::nullopt);
  answer.reset();
  now += FailedUnits::kEvery;
  while (count()) {
    ASSERT_TRUE(reading.read());
    std::this_thread::yield();
  }
  EXPECT_EQ(units.take_news(), std::nullopt) << "no answer isn't none failed";
}

}  // namespace
}  // namespace vedette::app
