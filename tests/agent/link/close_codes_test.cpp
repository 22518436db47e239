// Close codes on the agent's side of a real connection: each that may travel is taken, answered and logged with its
// reason; those that may not are answered with 1002; and what the agent itself closes with.
#include <gmock/gmock.h>

#include "agent/link/link.h"
#include "tests/agent/link/test_agent.h"
#include "tests/agent/link/test_collector.h"
#include "tests/close_codes.h"
#include "tests/logged.h"

namespace vedette::link {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::Logged;

struct Connected {
  Signed authority = make_authority();
  Signed server = make_server(authority, "DNS:localhost,IP:127.0.0.1");
  /// It says nothing by itself: bytes that the agent hasn't read when it closes would cut off its close frame.
  TestCollector collector{authority, server, {.ack = false, .ping = false}};
  TestAgent agent{collector.port(), pin_text(authority)};

  Connected() {
    EXPECT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  }
  /// What the agent's close frame said.
  std::vector<std::uint16_t> answered() {
    EXPECT_TRUE(agent.run_until([&] { return !collector.seen().closes.empty(); }));
    return collector.seen().closes;
  }
};

/// A frame of a server, unmasked, of up to 125 bytes.
std::string frame(int opcode, const std::string& payload) {
  return std::string{static_cast<char>(0x80 | opcode), static_cast<char>(payload.size())} + payload;
}
std::string close_frame(int code) {
  return frame(8, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + "its words");
}

class CloseCode : public testing::TestWithParam<int> {};
class StrayCode : public testing::TestWithParam<int> {};

TEST_P(CloseCode, OfTheCollectorIsAnsweredAndLoggedWithItsReason) {
  const int code = GetParam();
  const Logged log;
  Connected world;
  world.collector.write(close_frame(code));
  EXPECT_THAT(world.answered(), ElementsAre(code));
  ASSERT_TRUE(world.agent.run_until([&] { return log.count("not connected") > 0; }));
  EXPECT_THAT(log.text(), HasSubstr("(" + std::to_string(code) + "): its words"));
}

TEST_P(StrayCode, OfTheCollectorIsAnsweredWith1002) {
  const Logged log;
  Connected world;
  world.collector.write(close_frame(GetParam()));
  EXPECT_THAT(world.answered(), ElementsAre(1002));
  ASSERT_TRUE(world.agent.run_until([&] { return log.count("not connected") > 0; }));
  EXPECT_THAT(log.text(), HasSubstr("(closed with 1002)"));
}

INSTANTIATE_TEST_SUITE_P(Of, CloseCode, testing::ValuesIn(tests::kCloseCodes));
INSTANTIATE_TEST_SUITE_P(Of, StrayCode, testing::ValuesIn(tests::kStrayCodes));

TEST(CloseCode, OfTheAgentFitsTheCollectorsFault) {
  const std::tuple<const char*, int, std::string> cases[]{
      {"a reserved opcode", 1002, frame(3, "x")},
      {"text", 1003, frame(1, "text")},
      {"a reason that is no UTF-8", 1007, frame(8, "\x03\xe8\xff")},
      {"a message beyond the limit", 1009, std::string("\x82\x7f\0\0\0\0\x7f\xff\xff\xffx", 11)},
      {"no message of the protocol", 1002, frame(2, "\x01\xff\xff")},
  };
  for (const auto& [what, code, bytes] : cases) {
    const Logged log;
    Connected world;
    world.collector.write(bytes);
    EXPECT_THAT(world.answered(), ElementsAre(code)) << what;
    ASSERT_TRUE(world.agent.run_until([&] { return log.count("not connected") > 0; })) << what;
    EXPECT_THAT(log.text(), HasSubstr("(closed with " + std::to_string(code) + ")")) << what;
  }
}

TEST(CloseCode, OfAGoodbyeIsLogged) {
  const Logged log;
  Connected world;
  world.agent.link.leave(wire::GoodbyeReason::service_stop, TestAgent::Clock::now());
  ASSERT_TRUE(world.agent.run_until([&] { return world.agent.link.gone(); }));
  EXPECT_THAT(log.text(), HasSubstr("goodbye (1000)"));
}

}  // namespace
}  // namespace vedette::link
