// permessage-deflate as the server negotiates it.
#include <gtest/gtest.h>

#include "schema/wire/deflate.h"
#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using testing::close_payload;
using testing::masked;
using testing::Running;

constexpr const char* kAllowed = "/ws?compress=yes";
constexpr int kRsv1 = 0x40;

/// The whole answer to an upgrade with these header lines ("Name: value\r\n").
std::string answer_to(testing::Client& client, const std::string& path, const std::string& lines) {
  std::string request = testing::upgrade_request(path);
  request.insert(request.size() - 2, lines);
  client.write(request);
  return client.response();
}

/// The answer's Sec-WebSocket-Extensions; "none" without.
std::string agreed(const std::string& path, const std::string& lines) {
  Running running;
  const std::string answer = answer_to(*running.connect(), path, lines);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  constexpr std::string_view kField = "\r\nSec-WebSocket-Extensions: ";
  const std::size_t at = answer.find(kField);
  if (at == std::string::npos) return "none";
  return answer.substr(at + kField.size(), answer.find("\r\n", at + 2) - at - kField.size());
}

TEST(Compression, IsAgreedIfTheApplicationAllowsItAndTheClientOffersIt) {
  const std::string both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  EXPECT_EQ(agreed(kAllowed, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"), both);
  EXPECT_EQ(agreed(kAllowed,
                   "Sec-WebSocket-Extensions: x-other\r\n"
                   "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"),
            both + "; server_max_window_bits=10");
  EXPECT_EQ(agreed(kAllowed, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n"), "none");
  EXPECT_EQ(agreed(kAllowed, ""), "none");
  EXPECT_EQ(agreed("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"), "none");
}

TEST(Compression, AMalformedOfferIsRefused) {
  for (const char* path : {kAllowed, "/ws"}) {
    Running running;
    const std::string answer =
        answer_to(*running.connect(), path, "Sec-WebSocket-Extensions: permessage-deflate; =1\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("Sec-WebSocket-Extensions is malformed"), std::string::npos);
  }
}

TEST(Compression, MessagesTravelCompressedBothWays) {
  Running running;
  wire::Deflate deflate;
  auto client = running.connect();
  answer_to(*client, kAllowed, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string message(5'000, 'm');
  for (int round = 0; round < 3; ++round) {  // each message stands for itself
    client->write(masked(kRsv1 | 1, deflate.compress(message, 15).value()));
    const auto [opcode, payload] = client->frame();
    EXPECT_EQ(opcode, 1);
    EXPECT_LT(payload.size(), 100U);
    EXPECT_EQ(deflate.expand(payload, 10'000), message);
  }
  client->write(masked(1, "short and plain"));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("short and plain")}));
}

TEST(Compression, WithoutAgreementItIsAProtocolFault) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(kRsv1 | 1, "x"));
  EXPECT_EQ(client->frame().second.substr(0, 2), close_payload(1002));
}

TEST(Compression, ABombIsClosedWith1009AndOthersAreServed) {
  Running running;
  wire::Deflate deflate;
  auto attacker = running.connect();
  answer_to(*attacker, kAllowed, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string bomb = deflate.compress(std::string(2'000'000, '\0'), 15).value();
  ASSERT_LT(bomb.size(), 10'000U);  // it is what comes out that is too much
  attacker->write(masked(kRsv1 | 2, bomb));
  EXPECT_EQ(attacker->frame().second.substr(0, 2), close_payload(1009));
  auto other = running.connect();
  answer_to(*other, kAllowed, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  other->write(masked(kRsv1 | 1, deflate.compress(std::string(10'000, 'x'), 15).value()));
  EXPECT_EQ(deflate.expand(other->frame().second, 10'000), std::string(10'000, 'x'));
}

TEST(Limits, OfMessagesAndFragmentsAreThoseOfTheUpgrade) {
  Running running;
  auto client = running.connect();
  answer_to(*client, "/ws?fragments=3", "");
  client->write(masked(1, "a", false) + masked(0, "b", false) + masked(0, "c"));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("abc")}));
  client->write(masked(1, "a", false) + masked(0, "b", false) + masked(0, "c", false) + masked(0, "d"));
  EXPECT_EQ(client->frame().second.substr(0, 2), close_payload(1008));
}

}  // namespace
}  // namespace vedette::net
