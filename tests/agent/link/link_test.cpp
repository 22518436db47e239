#include "agent/link/link.h"

#include <gmock/gmock.h>

#include <future>

#include "tests/agent/link/test_agent.h"
#include "tests/agent/link/test_collector.h"
#include "tests/logged.h"

namespace vedette::link {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::Logged;

constexpr const char* kNames = "DNS:localhost,IP:127.0.0.1";

struct World {
  explicit World(const Behaviour& behaviour = {}) : collector(authority, server, behaviour) {}
  Signed authority = make_authority();
  Signed server = make_server(authority, kNames);
  TestCollector collector;
};

/// No tick that was accepted may be missing between others, and none may be there twice.
void expect_gapless(const Seen& seen) {
  for (const auto& [stream, list] : seen.ticks) {
    wire::TickNumber next = 1;
    for (const auto& [number, at] : list) EXPECT_EQ(number, next++) << "stream " << stream;
  }
}

TEST(Link, LiveTicksFlowAndAcksEmptyTheSpool) {
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().live >= 20; })) << world.collector.seen().error;
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  const Seen seen = world.collector.seen();
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.total(), agent.taken);
  EXPECT_EQ(seen.again, 0U);
  EXPECT_EQ(seen.hellos.at(0).facts.hostname, "test-host");
  EXPECT_GE(seen.series, 20U);
  EXPECT_THAT(seen.requests.at(0), HasSubstr("Authorization: Bearer secret-key\r\n"));
  expect_gapless(seen);
}

TEST(Link, TicksOfBeforeTheFirstWelcomeAreBackfilledFromTheirOwnStream) {
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  world.collector.shut_port(true);
  ASSERT_TRUE(agent.run_until([&] { return agent.taken >= 30; }));
  world.collector.shut_port(false);
  ASSERT_TRUE(
      agent.run_until([&] { return world.collector.seen().backfill_ends == 1 && world.collector.seen().live > 0; }));
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  const Seen seen = world.collector.seen();
  EXPECT_EQ(seen.ticks.size(), 2U);
  EXPECT_GE(seen.packed, 20U);
  EXPECT_EQ(seen.total(), agent.taken);
  expect_gapless(seen);
}

TEST(Link, AfterACutEverythingIsThereOnceAndInItsStream) {
  World world({.ack = false});
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  std::size_t live = 0;
  for (std::size_t cut = 1; cut <= 3; ++cut) {
    ASSERT_TRUE(agent.run_until([&] {
      return agent.link.connections() == cut && world.collector.seen().live >= live + 15;
    })) << world.collector.seen().error;
    world.collector.cut();
    live = world.collector.seen().live;
    ASSERT_TRUE(agent.run_until([&] { return !agent.link.connected(); }));
  }
  world.collector.behave([](Behaviour& behaviour) { behaviour.ack = true; });
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connections() == 4; }));
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  const Seen seen = world.collector.seen();
  EXPECT_EQ(seen.total(), agent.taken);
  EXPECT_EQ(seen.again, 0U);  // the resume points kept it from sending again what was accepted
  EXPECT_GE(seen.ticks.size(), 2U);
  expect_gapless(seen);
}

TEST(Link, AConnectionWithoutWelcomeCostsNothingAndDoesNotMoveTheTicks) {
  const Logged log;
  World world({.welcome = false});
  LinkLimits limits = quick();
  limits.welcome = 200ms;
  TestAgent agent(world.collector.port(), pin_text(world.authority), "127.0.0.1", limits);
  ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().hellos.size() >= 3; }));
  world.collector.behave([](Behaviour& behaviour) { behaviour.welcome = true; });
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected() && world.collector.seen().live > 5; }));
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  const Seen seen = world.collector.seen();
  EXPECT_EQ(seen.total(), agent.taken);
  EXPECT_THAT(log.text(), HasSubstr("sent no welcome"));
  for (const auto& [stream, list] : seen.ticks) {
    std::int64_t before = 0;
    for (const auto& [number, at] : list) {
      EXPECT_GT(at, before);
      before = at;
    }
  }
  expect_gapless(seen);
}

TEST(Link, ASilentCollectorIsLeftAndTriedAgain) {
  const Logged log;
  World world({.ack = false, .ping = false});
  LinkLimits limits = quick();
  limits.silence = 300ms;
  TestAgent agent(world.collector.port(), pin_text(world.authority), "127.0.0.1", limits);
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connections() >= 2; }));
  EXPECT_THAT(log.text(), HasSubstr("nothing was heard from the collector for 0.3 s"));
}

TEST(Link, GoodbyeSaysWhyAndClosesCleanly) {
  for (const auto& [reason, code] : {std::pair{wire::GoodbyeReason::service_stop, wire::close::done},
                                     std::pair{wire::GoodbyeReason::reboot, wire::close::going_away}}) {
    World world;
    TestAgent agent(world.collector.port(), pin_text(world.authority));
    ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().live > 2; }));
    agent.link.leave(reason, TestAgent::Clock::now());
    agent.ticking = false;
    ASSERT_TRUE(agent.run_until([&] { return agent.link.gone(); }));
    EXPECT_THAT(world.collector.seen().goodbyes, testing::ElementsAre(reason));
    EXPECT_THAT(world.collector.seen().closes, testing::ElementsAre(code));
  }
}

TEST(Link, ACollectorThatDoesNotAnswerTheGoodbyeDoesNotHoldUsUp) {
  World world({.goodbye = false});
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().live > 2; }));
  const auto began = TestAgent::Clock::now();
  agent.link.leave(wire::GoodbyeReason::service_stop, began);
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.link.gone(); }));
  EXPECT_LT(TestAgent::Clock::now() - began, 2s);
}

TEST(Link, ABatchThatIsRefusedTwiceIsSetAsideSoThatItCannotLockTheHostOut) {
  const Logged log;
  World world;
  world.collector.shut_port(true);
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return agent.taken >= 30; }));
  world.collector.behave([](Behaviour& behaviour) { behaviour.fault_on_backfill = wire::close::bad_data; });
  world.collector.shut_port(false);
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.put_aside() > 0; }));
  world.collector.behave([](Behaviour& behaviour) { behaviour.fault_on_backfill = std::nullopt; });
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  EXPECT_EQ(world.collector.seen().total() + agent.spool.put_aside(), agent.taken);
  EXPECT_THAT(log.text(), HasSubstr("refused twice are set aside"));
  EXPECT_THAT(log.text(), HasSubstr("this batch is bad"));
}

TEST(Link, RetryIsHonoured) {
  World world({.retry = wire::Retry{60s, "too many at once"}});
  const Logged log;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return log.text().find("too many at once") != std::string::npos; }));
  EXPECT_GT(agent.link.deadline() - TestAgent::Clock::now(), 55s);
}

TEST(Link, CloseCodesThatAreForGoodAreToldAndNotHammered) {
  const std::pair<std::uint16_t, const char*> cases[]{{wire::close::unauthorized, "enrol again"},
                                                      {wire::close::revoked, "revoked"},
                                                      {wire::close::replaced, "clone"},
                                                      {wire::close::version, "version"}};
  for (const auto& [code, words] : cases) {
    const Logged log;
    World world;
    TestAgent agent(world.collector.port(), pin_text(world.authority));
    ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
    world.collector.close(code, "the collector's words");
    ASSERT_TRUE(agent.run_until([&] { return !agent.link.connected(); }));
    EXPECT_THAT(log.text(), HasSubstr(words));
    EXPECT_THAT(log.text(), HasSubstr("the collector's words"));
    EXPECT_GT(agent.link.deadline() - TestAgent::Clock::now(), 25s) << code;
  }
}

TEST(Link, ARestartingCollectorIsTriedAgainAtOnce) {
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  world.collector.close(wire::close::restarting, "restarting");
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connections() == 2; }));
}

TEST(Link, RefusedHandshakesAreToldInWords) {
  const std::pair<const char*, const char*> cases[]{
      {"HTTP/1.1 401 Unauthorized\r\n\r\n", "doesn't know this agent's key"},
      {"HTTP/1.1 403 Forbidden\r\n\r\n", "revoked"},
      {"HTTP/1.1 426 Upgrade Required\r\n\r\n", "doesn't speak this agent's protocol"},
      {"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 40\r\n\r\n", "can't take this agent now (HTTP 503)"},
      {"HTTP/1.1 404 Not Found\r\n\r\n", "is this a Vedette collector?"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "isn't HTTP/1.1"},
      {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
       "Sec-WebSocket-Accept is wrong"}};
  for (const auto& [answer, words] : cases) {
    const Logged log;
    World world({.answer = answer});
    TestAgent agent(world.collector.port(), pin_text(world.authority));
    ASSERT_TRUE(agent.run_until([&] { return log.text().find("not connected") != std::string::npos; }));
    EXPECT_THAT(log.text(), HasSubstr(words));
    if (std::string_view(answer).starts_with("HTTP")) {
      EXPECT_GT(agent.link.deadline() - TestAgent::Clock::now(), 20s) << answer;
    }
    EXPECT_EQ(log.text().find("secret-key"), std::string::npos);
  }
}

/// What is logged when an agent with `pin`, talking to `host`, meets this server.
std::string refusal(const Signed& authority, const Signed& server, const std::string& pin, const std::string& host) {
  const Logged log;
  TestCollector collector(authority, server);
  TestAgent agent(collector.port(), pin, host);
  EXPECT_TRUE(agent.run_until([&] { return log.text().find("not connected") != std::string::npos; }));
  EXPECT_TRUE(collector.seen().requests.empty()) << "nothing may be said to a server that isn't trusted";
  return log.text();
}

TEST(Link, EachUntrustworthyCertificateIsRefusedInItsOwnWords) {
  const Signed authority = make_authority(), other = make_authority("Other CA");
  const Signed good = make_server(authority, kNames), foreign = make_server(other, kNames);
  const std::string pin = pin_text(authority);
  EXPECT_THAT(refusal(authority, make_server(authority, "DNS:elsewhere,IP:192.0.2.7"), pin, "127.0.0.1"),
              HasSubstr("wrong host name: the collector's certificate is for elsewhere, 192.0.2.7, not for 127.0.0.1"));
  EXPECT_THAT(refusal(authority, make_server(authority, "IP:127.0.0.1"), pin, "localhost"),
              HasSubstr("wrong host name"));
  EXPECT_THAT(refusal(authority, make_server(authority, kNames, -10), pin, "127.0.0.1"),
              HasSubstr("the certificate expired at "));
  EXPECT_THAT(refusal(authority, make_server(authority, kNames, 10), pin, "127.0.0.1"),
              HasSubstr("the certificate is valid from "));
  EXPECT_THAT(refusal(other, foreign, pin, "127.0.0.1"), HasSubstr("wrong pin: no certificate authority"));
  EXPECT_THAT(refusal(authority, foreign, pin, "127.0.0.1"),
              HasSubstr("wrong certificate authority: the pinned one didn't sign"));
  EXPECT_THAT(refusal(authority, good, "", "127.0.0.1"),
              HasSubstr("wrong certificate authority: this system trusts none"));
  EXPECT_THAT(refusal(authority, good, pin_text(good), "127.0.0.1"), HasSubstr("wrong pin"));
}

TEST(Link, NamesAndAddressesThatTheCertificateHasAreAccepted) {
  World world;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    TestAgent agent(world.collector.port(), pin_text(world.authority), host);
    EXPECT_TRUE(agent.run_until([&] { return agent.link.connected(); })) << host;
    agent.link.leave(wire::GoodbyeReason::service_stop, TestAgent::Clock::now());
    EXPECT_TRUE(agent.run_until([&] { return agent.link.gone(); }));
  }
}

TEST(Link, NobodyListeningIsSaid) {
  const Logged log;
  TestAgent agent(1, std::string(64, '0'));  // an address: no resolver is asked
  ASSERT_TRUE(agent.run_until([&] { return !log.text().empty(); }));
  EXPECT_THAT(log.text(), HasSubstr("can't connect to 127.0.0.1:1: 127.0.0.1: Connection refused"));
}

TEST(Link, WhatTheResolverAnswersIsSaid) {
  const Logged log;
  const Lookup nobody = [](const CollectorAddress& address) {
    return units::fail(units::ErrorCode::unavailable, "nobody knows " + address.host);
  };
  TestAgent agent(1, std::string(64, '0'), "no-such-host.invalid", quick(), nobody);
  ASSERT_TRUE(agent.run_until([&] { return !log.text().empty(); }));
  EXPECT_THAT(log.text(), HasSubstr("nobody knows no-such-host.invalid"));
}

TEST(Link, AResolverThatDoesNotAnswerIsLeftAlone) {
  const Logged log;
  std::promise<void> answer;
  const Lookup never = [wait = answer.get_future().share()](const CollectorAddress&) -> Addresses {
    wait.wait();
    return std::vector<SocketAddress>{};
  };
  LinkLimits limits = quick();
  limits.resolve = 50ms;
  TestAgent agent(1, std::string(64, '0'), "collector.invalid", limits, never);
  EXPECT_TRUE(agent.run_until([&] { return !log.text().empty(); }));
  EXPECT_THAT(log.text(), HasSubstr("the resolver doesn't answer"));
  answer.set_value();
}

}  // namespace
}  // namespace vedette::link
