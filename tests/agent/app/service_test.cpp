#include "agent/app/service.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

TEST(ServiceManager, IsToldThroughItsSocket) {
  const auto path = std::filesystem::temp_directory_path() / ("vedette-notify-" + std::to_string(::getpid()));
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  notify_service_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  std::array<char, 32> text{};
  EXPECT_EQ(::recv(fd, text.data(), text.size(), MSG_DONTWAIT), 7);
  EXPECT_STREQ(text.data(), "READY=1");
  ::close(fd);
  std::filesystem::remove(path);
}

TEST(Watchdog, IsFedAtHalfItsTimeAndOnlyByTheProcessItWatches) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(watchdog_interval().has_value());
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(watchdog_interval().has_value());
  ::unsetenv("WATCHDOG_USEC");
}

TEST(ReasonOfJobs, TellsRebootFromShutdownFromNeither) {
  EXPECT_EQ(reason_of_jobs("x\0shutdown.target\0reboot.target"), std::nullopt) << "cut at the NUL on purpose";
  EXPECT_EQ(reason_of_jobs(std::string_view("shutdown.target\0start\0reboot.target", 35)), wire::GoodbyeReason::reboot);
  EXPECT_EQ(reason_of_jobs("shutdown.target poweroff.target"), wire::GoodbyeReason::host_shutdown);
  EXPECT_EQ(reason_of_jobs("vedette-agent.service stop"), std::nullopt);
  EXPECT_EQ(reason_of_jobs(""), std::nullopt);
}

TEST(BusMessage, ACallIsLaidOutAsTheSpecificationSays) {
  const std::string call = bus_call(2, "a.b", "/p", "i.f", "M");
  EXPECT_EQ(call.size() % 8, 0U);
  EXPECT_EQ(call.substr(0, 4), std::string("l\1\0\1", 4));
  EXPECT_EQ(call[8], 2);                                     // serial
  EXPECT_EQ(call.substr(16, 4), std::string("\1\1o\0", 4));  // path
  EXPECT_EQ(call.substr(24, 3), std::string("/p\0", 3));
}

TEST(BusMessage, AReplyCountsOnlyWhenItIsComplete) {
  // Method return, body of 4 bytes, reply serial 2.
  const std::string reply("l\2\1\1\4\0\0\0\1\0\0\0\10\0\0\0\5\1u\0\2\0\0\0body", 28);
  EXPECT_TRUE(has_reply_to(reply, 2));
  EXPECT_FALSE(has_reply_to(reply, 3));
  EXPECT_TRUE(has_reply_to(reply + reply, 2));
  for (std::size_t n = 0; n < reply.size(); ++n)
    EXPECT_FALSE(has_reply_to(std::string_view(reply).substr(0, n), 2)) << n;
}

}  // namespace
}  // namespace vedette::app
