// Sessions that agreed on permessage-deflate (RFC 7692).
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "schema/wire/session.h"
#include "tests/schema/wire/session_log.h"

namespace vedette::wire {
namespace {

using namespace std::string_literals;

constexpr int kFin = 0x80, kRsv1 = 0x40;

/// A client's frame, masked with zeros.
std::string frame(int first_byte, std::string_view payload) {
  std::string out(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | static_cast<int>(payload.size()));
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(0xFE);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xFF);
  } else {
    out += static_cast<char>(0xFF);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((payload.size() >> shift) & 0xFF);
  }
  return out + "\0\0\0\0"s + std::string(payload);
}

const std::string kHello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;  // RFC 7692 7.2.3.1

/// What a server makes of the input: the last event, or the code it fails with.
std::string fate_of(std::string_view input, SessionLimits limits = {}) {
  Deflate deflate;
  Session server(Role::server, limits, nullptr, {&deflate, 15});
  Log log;
  const auto result = server.receive(as_bytes(input), log);
  EXPECT_EQ(result.has_value(), !server.fault().has_value());
  if (server.fault()) return std::to_string(*server.fault());
  return log.seen.empty() ? "nothing" : log.seen.back();
}

TEST(CompressedSession, BothRolesUnderstandEachOther) {
  Deflate at_server_loop, at_client_loop;
  for (const int bits : {8, 9, 12, 15}) {
    Session client(Role::client, {}, fixed_mask, {&at_client_loop, static_cast<std::uint8_t>(bits)});
    Session server(Role::server, {}, nullptr, {&at_server_loop, static_cast<std::uint8_t>(bits)});
    Log at_server, at_client;
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
      std::string text;
      while (text.size() < random() % 5'000) text += std::to_string(random() % 100) + " é ";
      ASSERT_TRUE(client.send(Opcode::text, text));
      ASSERT_TRUE(server.send(Opcode::binary, text));
      const std::string there = drain(client), back = drain(server);
      const bool compressed = text.size() >= Deflate::kWorthwhile && bits >= kLeastWindowBits;
      ASSERT_EQ((back[0] & kRsv1) != 0, compressed);
      ASSERT_EQ((there[0] & kRsv1) != 0, compressed);
      if (compressed) {
        ASSERT_LT(back.size(), text.size());
      }
      ASSERT_TRUE(server.receive(as_bytes(there), at_server));
      ASSERT_TRUE(client.receive(as_bytes(back), at_client));
      ASSERT_EQ(at_server.seen.back(), "text:" + text);
      ASSERT_EQ(at_client.seen.back(), "binary:" + text);
    }
  }
}

TEST(CompressedSession, ReadsTheSameWhateverTheCuts) {
  const std::string input = frame(kRsv1 | 1, kHello.substr(0, 3)) + frame(kFin | 9, "p") + frame(0, "") +
                            frame(kFin | 0, kHello.substr(3)) + frame(kFin | 1, "plain") +
                            frame(kFin | kRsv1 | 2, kHello) + frame(kFin | 8, "\x03\xe8"s);
  const std::vector<std::string> expected = {"ping:p", "text:Hello", "text:plain", "binary:Hello", "close:1000:"};
  for (const std::size_t step : {1UL, 2UL, 3UL, 5UL, 1'000UL}) {
    Deflate deflate;
    Session server(Role::server, {}, nullptr, {&deflate, 15});
    Log log;
    for (std::size_t at = 0; at < input.size(); at += step) {
      ASSERT_TRUE(server.receive(as_bytes(std::string_view(input).substr(at, step)), log));
    }
    EXPECT_EQ(log.seen, expected) << step;
  }
}

TEST(CompressedSession, Rsv1IsOnlyForTheFirstFrameOfAMessage) {
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 1, kHello)), "text:Hello");
  EXPECT_EQ(fate_of(frame(kRsv1 | 1, kHello) + frame(kFin | kRsv1 | 0, "")), "1002");
  EXPECT_EQ(fate_of(frame(1, "x") + frame(kFin | kRsv1 | 0, kHello)), "1002");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 9, "")), "1002");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 8, "\x03\xe8"s)), "1002");
  EXPECT_EQ(fate_of(frame(kFin | 0x60 | 1, kHello)), "1002");  // RSV1 and RSV2
  EXPECT_EQ(fate_of(frame(kFin | 0x10 | 1, kHello)), "1002");  // RSV3
}

TEST(CompressedSession, Rsv1WithoutAgreementIsRefused) {
  Session server(Role::server, {});
  Log log;
  EXPECT_FALSE(server.receive(as_bytes(frame(kFin | kRsv1 | 1, kHello)), log));
  EXPECT_EQ(server.fault(), close::protocol_error);
}

TEST(CompressedSession, TextIsCheckedOnceExpanded) {
  Deflate deflate;
  const std::string bad = std::string(300, 'x') + "\xC0\x80";
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 1, deflate.compress(bad, 15).value())), "1007");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 1, deflate.compress(std::string(300, 'x') + "\xE2\x82", 15).value())), "1007");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, deflate.compress(bad, 15).value())), "binary:" + bad);
}

TEST(CompressedSession, WhatCantBeExpandedIsClosedWith1007) {
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, "\x06")), "1007");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, kHello.substr(0, 4))), "1007");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, "")), "1007");
}

TEST(CompressedSession, ABombIsClosedWith1009) {
  Deflate deflate;
  const SessionLimits limits{.message = 1'000};
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, deflate.compress(std::string(1'000, 'x'), 15).value()), limits),
            "binary:" + std::string(1'000, 'x'));
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, deflate.compress(std::string(1'001, 'x'), 15).value()), limits), "1009");
  const std::string bomb = deflate.compress(std::string(300'000, 'x'), 15).value();
  ASSERT_LT(bomb.size(), 2'000U);
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, bomb), limits), "1009");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, bomb), {}), "1009");
}

TEST(CompressedSession, CompressedBytesThatWaitAreBounded) {
  const SessionLimits limits{.message = 1'000};
  const std::string half(Deflate::longest(1'000) / 2 + 1, 'x');
  EXPECT_EQ(fate_of(frame(kRsv1 | 2, half), limits), "nothing");
  EXPECT_EQ(fate_of(frame(kRsv1 | 2, half) + frame(0, half), limits), "1009");
  EXPECT_EQ(fate_of(frame(kFin | kRsv1 | 2, half + half).substr(0, 20), limits), "1009");  // before it came
}

TEST(CompressedSession, MessagesAfterOurCloseArentExpanded) {
  Deflate deflate;
  Session server(Role::server, {}, nullptr, {&deflate, 15});
  Log log;
  server.close(close::done, "enough");
  EXPECT_TRUE(server.receive(as_bytes(frame(kFin | kRsv1 | 1, "\x06") + frame(kFin | 8, "\x03\xe8"s)), log));
  EXPECT_EQ(log.seen, std::vector<std::string>{"close:1000:"});
}

TEST(CompressedSession, ASharedFrameGoesOutInTheFormThatFits) {
  Deflate loop, maker;
  const SharedFrame shared = make_frame(Opcode::text, std::string(20'000, 's'), &maker);
  ASSERT_FALSE(shared->deflated.empty());
  Session agreed(Role::server, {}, nullptr, {&loop, 15});
  Session narrow(Role::server, {}, nullptr, {&loop, 14});
  Session plain(Role::server, {});
  for (Session* session : {&agreed, &narrow, &plain}) ASSERT_TRUE(session->send(shared));
  EXPECT_EQ(shared.use_count(), 4);  // none copied it
  EXPECT_EQ(agreed.queued(), shared->deflated.size());
  EXPECT_EQ(drain(agreed), shared->deflated);
  EXPECT_EQ(drain(narrow), shared->plain);
  EXPECT_EQ(drain(plain), shared->plain);
  Session client(Role::client, {}, fixed_mask, {&loop, 15});
  Log log;
  ASSERT_TRUE(client.receive(as_bytes(shared->deflated), log));
  EXPECT_EQ(log.seen, std::vector<std::string>{"text:" + std::string(20'000, 's')});
}

TEST(CompressedSession, AFrameThatWouldntShrinkHasOneForm) {
  Deflate maker, loop;
  const SharedFrame shared = make_frame(Opcode::text, "short", &maker);
  EXPECT_TRUE(shared->deflated.empty());
  Session agreed(Role::server, {}, nullptr, {&loop, 15});
  ASSERT_TRUE(agreed.send(shared));
  EXPECT_EQ(drain(agreed), shared->plain);
}

}  // namespace
}  // namespace vedette::wire
