#include "schema/wire/session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/schema/wire/session_log.h"

namespace vedette::wire {
namespace {

using namespace std::string_literals;

struct Raw {
  bool fin = true;
  int opcode = 1;
  bool masked = true;
  int rsv = 0;
};

/// A frame built by hand, so that tests don't trust the code that they test.
std::string raw(const Raw& how, std::string_view payload) {
  std::string out;
  out += static_cast<char>((how.fin ? 0x80 : 0) | (how.rsv << 4) | how.opcode);
  const int mask_bit = how.masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xFF);
  } else {
    out += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((payload.size() >> shift) & 0xFF);
  }
  if (!how.masked) return out + std::string(payload);
  const std::string mask = "\x11\x22\x33\x44";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::string close_payload(int code, std::string_view reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + std::string(reason);
}

/// The code in a server's close frame that is the whole output; 0 if it is something else.
int closed_with(Session& session) {
  const std::string out = drain(session);
  if (out.size() < 4 || static_cast<unsigned char>(out[0]) != 0x88) return 0;
  return (static_cast<unsigned char>(out[2]) << 8) | static_cast<unsigned char>(out[3]);
}

/// Feeds one input to a fresh server and tells the code it fails the connection with, 0 if it doesn't.
int fault_of(std::string_view input, SessionLimits limits = {}) {
  Session session(Role::server, limits);
  Log log;
  const auto result = session.receive(as_bytes(input), log);
  EXPECT_EQ(result.has_value(), !session.fault().has_value());
  if (!session.fault()) return 0;
  EXPECT_EQ(closed_with(session), *session.fault());
  return *session.fault();
}

TEST(AcceptKey, MatchesTheExampleOfRfc6455) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(CloseCode, OnlyThoseOfTheRegistryMayTravel) {
  for (int code = 0; code < 6'000; ++code) {
    const bool expected =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    EXPECT_EQ(close::on_wire(static_cast<std::uint16_t>(code)), expected) << code;
  }
}

TEST(Session, BothRolesUnderstandEachOther) {
  Session client(Role::client, {}, fixed_mask);
  Session server(Role::server, {});
  Log at_server, at_client;
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 4'096UL, 65'535UL, 65'536UL}) {
    ASSERT_TRUE(client.send(Opcode::binary, std::string(size, 'a')));
    ASSERT_TRUE(server.send(Opcode::text, std::string(size, 'b')));
    ASSERT_TRUE(server.receive(as_bytes(drain(client)), at_server));
    ASSERT_TRUE(client.receive(as_bytes(drain(server)), at_client));
    EXPECT_EQ(at_server.seen.back(), "binary:" + std::string(size, 'a'));
    EXPECT_EQ(at_client.seen.back(), "text:" + std::string(size, 'b'));
  }
}

TEST(Session, ClientFramesAreMaskedWithTheGivenRandomness) {
  Session client(Role::client, {}, fixed_mask);
  client.send(Opcode::text, "hello");
  const std::string out = drain(client);
  ASSERT_EQ(out.size(), 11U);
  EXPECT_EQ(static_cast<unsigned char>(out[1]), 0x85);
  EXPECT_EQ(static_cast<unsigned char>(out[2]), 0x5A);
  EXPECT_EQ(out[6] ^ out[2], 'h');
}

TEST(Session, ReadsTheSameWhateverTheCuts) {
  const std::string input = raw({.fin = false, .opcode = 1}, "héllo ") + raw({.opcode = 9}, "beat") +
                            raw({.fin = false, .opcode = 0}, "") + raw({.opcode = 0}, "wörld") +
                            raw({.opcode = 2}, std::string(5'000, 'x')) +
                            raw({.opcode = 8}, close_payload(1001, "bye"));
  const std::vector<std::string> expected = {"ping:beat", "text:héllo wörld", "binary:" + std::string(5'000, 'x'),
                                             "close:1001:bye"};
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 4'095UL, 4'096UL, 100'000UL}) {
    Session server(Role::server, {});
    Log log;
    for (std::size_t at = 0; at < input.size(); at += step) {
      ASSERT_TRUE(server.receive(as_bytes(std::string_view(input).substr(at, step)), log));
    }
    EXPECT_EQ(log.seen, expected) << step;
    EXPECT_EQ(drain(server),
              raw({.opcode = 10, .masked = false}, "beat") + raw({.opcode = 8, .masked = false}, close_payload(1001)));
  }
}

TEST(Session, SessionsThatAreReadInTurnDoNotMixUp) {
  // Those between frames share what reads frames: every cut of one stream while another is at every place of its own.
  const std::string one = raw({}, std::string(300, 'a')) + raw({.opcode = 9}, "") + raw({}, "b");
  const std::string two = raw({.fin = false}, "") + raw({.opcode = 0}, std::string(70'000, 'c')) + raw({}, "d");
  for (std::size_t cut = 1; cut < one.size(); ++cut) {
    Session first(Role::server, {.message = 100'000}), second(Role::server, {.message = 100'000});
    Log first_log, second_log;
    const std::size_t other = cut % 20;  // inside its heads
    ASSERT_TRUE(first.receive(as_bytes(std::string_view(one).substr(0, cut)), first_log));
    ASSERT_TRUE(second.receive(as_bytes(std::string_view(two).substr(0, other)), second_log));
    ASSERT_TRUE(first.receive(as_bytes(std::string_view(one).substr(cut)), first_log));
    ASSERT_TRUE(second.receive(as_bytes(std::string_view(two).substr(other)), second_log));
    ASSERT_EQ(first_log.seen, (std::vector{"text:" + std::string(300, 'a'), "ping:"s, "text:b"s})) << cut;
    ASSERT_EQ(second_log.seen, (std::vector{"text:" + std::string(70'000, 'c'), "text:d"s})) << cut;
  }
}

TEST(Session, AnswersPingsAndReportsPongs) {
  Session server(Role::server, {});
  Log log;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 9}, std::string(125, 'p'))), log));
  ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 10}, "t")), log));
  EXPECT_EQ(log.seen.back(), "pong:t");
  EXPECT_EQ(drain(server).size(), 10U * 127);  // each is answered while the peer reads
}

TEST(Session, APeerThatPingsWithoutReadingCostsBoundedMemory) {
  Session server(Role::server, {});
  Log log;
  std::string burst;
  for (int i = 0; i < 10'000; ++i) burst += raw({.opcode = 9}, std::string(125, 'p'));
  ASSERT_TRUE(server.receive(as_bytes(burst), log));
  EXPECT_FALSE(server.wants_input());
  EXPECT_LE(server.queued(), 70U * 127);
  drain(server);
  EXPECT_TRUE(server.wants_input());
  ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 9}, "last")), log));
  EXPECT_EQ(drain(server), raw({.opcode = 10, .masked = false}, "last"));
}

TEST(Session, EveryValidCloseCodeIsTakenAndEchoedInBothRoles) {
  for (int code = 0; code < 5'100; ++code) {
    for (const Role role : {Role::server, Role::client}) {
      Session session(role, {}, fixed_mask);
      Log log;
      const auto result = session.receive(
          as_bytes(raw({.opcode = 8, .masked = role == Role::server}, close_payload(code, "why"))), log);
      if (close::on_wire(static_cast<std::uint16_t>(code))) {
        ASSERT_TRUE(result) << code;
        ASSERT_EQ(log.seen, std::vector{"close:" + std::to_string(code) + ":why"});
        ASSERT_TRUE(session.close_received() && session.close_sent() && !session.fault());
        if (role == Role::server) {
          ASSERT_EQ(closed_with(session), code);
        }
      } else {
        ASSERT_FALSE(result) << code;
        ASSERT_EQ(session.fault(), close::protocol_error) << code;
        ASSERT_TRUE(log.seen.empty());
      }
    }
  }
}

TEST(Session, CodesThatMayNotTravelAreNeverSent) {
  for (int code = 0; code < 5'100; ++code) {
    const auto given = static_cast<std::uint16_t>(code);
    Session server(Role::server, {});
    ASSERT_TRUE(server.close(given, "why"));
    ASSERT_EQ(closed_with(server), close::on_wire(given) ? code : 1011);
  }
}

TEST(Session, ACloseWithoutCodeIs1005AndAnsweredEmpty) {
  Session server(Role::server, {});
  Log log;
  ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 8}, "")), log));
  EXPECT_EQ(log.seen, std::vector<std::string>{"close:1005:"});
  EXPECT_EQ(drain(server), "\x88\x00"s);
}

TEST(Session, NothingAfterACloseIsReadOrSent) {
  Session server(Role::server, {});
  Log log;
  ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 8}, close_payload(1000)) + raw({.opcode = 1}, "late")), log));
  ASSERT_TRUE(server.receive(as_bytes(raw({.opcode = 9}, "late")), log));
  EXPECT_EQ(log.seen.size(), 1U);
  EXPECT_FALSE(server.send(Opcode::text, "no"));
  EXPECT_FALSE(server.send(make_frame(Opcode::text, "no")));
  EXPECT_FALSE(server.ping("no"));
  EXPECT_FALSE(server.close(1000, "no"));
  EXPECT_EQ(closed_with(server), 1000);
}

TEST(Session, OurCloseIsFollowedByThePeersAnswerAndNothingElse) {
  Session server(Role::server, {});
  Log log;
  ASSERT_TRUE(server.send(Opcode::text, "before"));
  ASSERT_TRUE(server.close(1012, "collector restarting"));
  EXPECT_FALSE(server.close(1000, "again"));
  EXPECT_FALSE(server.send(Opcode::text, "after"));
  EXPECT_EQ(drain(server), raw({.opcode = 1, .masked = false}, "before") +
                               raw({.opcode = 8, .masked = false}, close_payload(1012, "collector restarting")));
  const std::string late = raw({.opcode = 1}, "late") + raw({.opcode = 9}, "p");
  ASSERT_TRUE(server.receive(as_bytes(late + raw({.opcode = 8}, close_payload(1012))), log));
  EXPECT_EQ(log.seen, std::vector<std::string>{"close:1012:"});
  EXPECT_TRUE(drain(server).empty());
}

TEST(Session, ALongReasonIsCutBetweenCharacters) {
  Session server(Role::server, {});
  std::string reason = "x";
  for (int i = 0; i < 100; ++i) reason += "é";
  ASSERT_TRUE(server.close(4408, reason));
  EXPECT_EQ(drain(server), raw({.opcode = 8, .masked = false}, close_payload(4408, reason.substr(0, 123))));
  Session other(Role::server, {});
  ASSERT_TRUE(other.close(4408, reason.substr(1)));
  EXPECT_EQ(drain(other).size(), 4U + 122);
}

TEST(Session, ProtocolFaultsAreClosedWith1002) {
  const std::vector<std::pair<const char*, std::string>> faults = {
      {"rsv1", raw({.rsv = 4}, "x")},
      {"rsv2", raw({.rsv = 2}, "x")},
      {"rsv3 on a ping", raw({.opcode = 9, .rsv = 1}, "")},
      {"opcode 3", raw({.opcode = 3}, "x")},
      {"opcode 7", raw({.opcode = 7}, "")},
      {"opcode 11", raw({.opcode = 11}, "x")},
      {"opcode 15", raw({.opcode = 15}, "")},
      {"unmasked", raw({.masked = false}, "x")},
      {"unmasked and empty", raw({.opcode = 9, .masked = false}, "")},
      {"fragmented ping", raw({.fin = false, .opcode = 9}, "x")},
      {"fragmented close", raw({.fin = false, .opcode = 8}, close_payload(1000))},
      {"long ping", raw({.opcode = 9}, std::string(126, 'p'))},
      {"long close", raw({.opcode = 8}, close_payload(1000, std::string(124, 'p')))},
      {"close of one byte", raw({.opcode = 8}, "x")},
      {"continuation first", raw({.opcode = 0}, "x")},
      {"continuation after a whole message", raw({.opcode = 1}, "x") + raw({.opcode = 0}, "y")},
      {"message inside a message", raw({.fin = false, .opcode = 1}, "x") + raw({.opcode = 1}, "y")},
      {"16-bit length below 126", "\x82\xFE\x00\x05\x11\x22\x33\x44xxxxx"s},
      {"64-bit length below 65536", "\x82\xFF\x00\x00\x00\x00\x00\x00\x00\x05\x11\x22\x33\x44xxxxx"s},
      {"length with the highest bit", "\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x05\x11\x22\x33\x44xxxxx"s},
  };
  for (const auto& [name, input] : faults) EXPECT_EQ(fault_of(input), 1002) << name;
}

TEST(Session, AClientRefusesMaskedFrames) {
  Session client(Role::client, {}, fixed_mask);
  Log log;
  EXPECT_FALSE(client.receive(as_bytes(raw({.masked = true}, "x")), log));
  EXPECT_EQ(client.fault(), close::protocol_error);
}

TEST(Session, BadUtf8IsClosedWith1007AsSoonAsItIsSeen) {
  for (const std::string& text : {"\xC0\x80"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s, "\x80"s, "\xF8\x88"s, "a\xC3("s,
                                  "\xE0\x80\x80"s, "cut \xE2\x82"s, "12345678\xFF"s}) {
    EXPECT_EQ(fault_of(raw({}, text)), 1007);
    EXPECT_EQ(fault_of(raw({.opcode = 2}, text)), 0);
    EXPECT_EQ(fault_of(raw({.opcode = 8}, close_payload(1000, text))), 1007);
  }
  // The message isn't complete, not even its frame, but can't become valid any more.
  EXPECT_EQ(fault_of(raw({.fin = false}, "ok \xFF and more")), 1007);
  EXPECT_EQ(fault_of(raw({}, "ok \xFF" + std::string(500, 'x')).substr(0, 20)), 1007);
}

TEST(Session, ACharacterMayBeCutBetweenFragmentsButNotAtTheEnd) {
  EXPECT_EQ(fault_of(raw({.fin = false}, "\xE2\x82") + raw({.opcode = 0}, "\xAC")), 0);
  EXPECT_EQ(fault_of(raw({.fin = false}, "\xE2\x82") + raw({.opcode = 0}, "")), 1007);
}

TEST(Session, TooBigAMessageIsClosedWith1009BeforeItIsHeld) {
  const SessionLimits limits{.message = 1'000};
  EXPECT_EQ(fault_of(raw({.opcode = 2}, std::string(1'000, 'x')), limits), 0);
  EXPECT_EQ(fault_of(raw({.opcode = 2}, std::string(1'001, 'x')), limits), 1009);
  EXPECT_EQ(fault_of(raw({.opcode = 2}, std::string(100'000, 'x')).substr(0, 30), limits), 1009);
  const std::string half = std::string(600, 'x');
  EXPECT_EQ(fault_of(raw({.fin = false, .opcode = 2}, half) + raw({.opcode = 0}, half), limits), 1009);
}

TEST(Session, TooManyFragmentsAreClosedWith1008) {
  std::string input = raw({.fin = false, .opcode = 2}, "");
  for (int i = 0; i < 2'000; ++i) input += raw({.fin = false, .opcode = 0}, "");
  EXPECT_EQ(fault_of(input), 1008);
}

TEST(Session, SharedFramesKeepTheirPlaceAndAreNotCopied) {
  const SharedFrame shared = make_frame(Opcode::text, std::string(20'000, 's'));
  Session a(Role::server, {});
  Session b(Role::server, {});
  for (Session* session : {&a, &b}) {
    ASSERT_TRUE(session->send(Opcode::text, "first"));
    ASSERT_TRUE(session->send(shared));
    ASSERT_TRUE(session->send(Opcode::text, "last"));
  }
  EXPECT_EQ(shared.use_count(), 3);
  const std::string expected = raw({.masked = false}, "first") + shared->plain + raw({.masked = false}, "last");
  EXPECT_EQ(a.queued(), expected.size());
  EXPECT_EQ(drain(a), expected);
  EXPECT_EQ(shared.use_count(), 2);
  EXPECT_EQ(drain(b), expected);
  EXPECT_EQ(a.queued(), 0U);
}

TEST(Session, SmallFramesLeaveInOneWrite) {
  Session server(Role::server, {});
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    server.send(Opcode::text, "tick");
    expected += raw({.masked = false}, "tick");
  }
  EXPECT_EQ(as_text(server.output()), expected);
}

TEST(Session, PartialWritesLoseNothing) {
  for (const std::size_t step : {1UL, 3UL, 1'000UL, 70'000UL}) {
    Session server(Role::server, {});
    std::string expected, got;
    for (const std::size_t size : {5UL, 200'000UL, 7UL, 0UL, 17'000UL, 300UL, 70'000UL}) {
      server.send(make_frame(Opcode::binary, std::string(size, 'z')));
      expected += make_frame(Opcode::binary, std::string(size, 'z'))->plain;
    }
    while (!server.output().empty()) {
      const auto part = server.output().first(std::min(step, server.output().size()));
      ASSERT_LE(server.output().size(), 64U * 1024);
      got += as_text(part);
      server.consume(part.size());
      ASSERT_EQ(server.queued(), expected.size() - got.size());
    }
    EXPECT_EQ(got, expected);
  }
}

TEST(Session, AFullQueueStopsInputUntilItDrains) {
  Session server(Role::server, {});
  for (int i = 0; i < 64; ++i) server.send(Opcode::text, "x");
  EXPECT_TRUE(server.wants_input());
  server.send(Opcode::text, "x");
  EXPECT_FALSE(server.wants_input());
  drain(server);
  EXPECT_TRUE(server.wants_input());
  server.send(Opcode::binary, std::string(300'000, 'x'));
  EXPECT_FALSE(server.wants_input());
}

TEST(Session, EventsMaySendAndClose) {
  Session server(Role::server, {});
  Log log;
  log.after_message = [&] {
    server.send(Opcode::text, "echo");
    server.close(1000, "enough");
  };
  ASSERT_TRUE(server.receive(as_bytes(raw({}, "one") + raw({}, "two")), log));
  EXPECT_EQ(log.seen, std::vector<std::string>{"text:one"});
  EXPECT_EQ(drain(server),
            raw({.masked = false}, "echo") + raw({.opcode = 8, .masked = false}, close_payload(1000, "enough")));
}

}  // namespace
}  // namespace vedette::wire
