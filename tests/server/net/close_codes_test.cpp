// Close codes on the collector's side of a real connection (RFC 6455 7.4 and ours): sent, and received.
#include <gtest/gtest.h>

#include "tests/close_codes.h"
#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using testing::close_payload;
using testing::masked;
using testing::Running;

class CloseCode : public ::testing::TestWithParam<int> {};
class StrayCode : public ::testing::TestWithParam<int> {};

TEST_P(CloseCode, IsSentWithItsReasonAndReported) {
  const int code = GetParam();
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close " + std::to_string(code)));
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(code, "asked to")}));
  client->write(masked(8, close_payload(code)));
  EXPECT_EQ(running.service.seen.next(), "closed " + std::to_string(code) + " asked to by us");
  EXPECT_EQ(client->read_to_end(), "");
}

TEST_P(CloseCode, IsTakenAnsweredAndReportedWithItsReason) {
  const int code = GetParam();
  Running running;
  auto client = running.open_websocket();
  client->write(masked(8, close_payload(code, "bye")));
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(code)}));
  EXPECT_EQ(client->read_to_end(), "");
  EXPECT_EQ(running.service.seen.next(), "closed " + std::to_string(code) + " bye");
}

TEST_P(StrayCode, IsAnsweredWith1002) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(8, close_payload(GetParam(), "bye")));
  EXPECT_EQ(client->frame().second.substr(0, 2), close_payload(1002));
  EXPECT_TRUE(running.service.seen.next().starts_with("closed 1002 "));
}

TEST_P(StrayCode, IsNeverSent) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close " + std::to_string(GetParam())));
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(1011, "asked to")}));
}

INSTANTIATE_TEST_SUITE_P(Of, CloseCode, ::testing::ValuesIn(tests::kCloseCodes));
INSTANTIATE_TEST_SUITE_P(Of, StrayCode, ::testing::ValuesIn(tests::kStrayCodes));

}  // namespace
}  // namespace vedette::net
