// The link's roads to its collectors: through proxies, to one of several, after a sleep.
#include <gmock/gmock.h>

#include "tests/agent/link/test_agent.h"
#include "tests/agent/link/test_collector.h"
#include "tests/agent/link/test_proxy.h"
#include "tests/logged.h"

namespace vedette::link {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using tests::Logged;

constexpr const char* kNames = "DNS:localhost,DNS:collector.test,IP:127.0.0.1";

struct World {
  explicit World(const Behaviour& behaviour = {}) : collector(authority, server, behaviour) {}
  Signed authority = make_authority();
  Signed server = make_server(authority, kNames);
  TestCollector collector;
};

/// An agent of this world's collector whose way leads through this proxy.
struct BehindProxy : TestAgent {
  BehindProxy(const World& world, const std::string& proxy, const std::string& host = "127.0.0.1",
              LinkLimits limits = quick(), const std::string& no_proxy = "")
      : TestAgent(world.collector.port(), pin_text(world.authority), host, limits, resolve_now, {},
                  {parse_proxy_url(proxy).value(), no_proxy}) {}
};

TEST(Roads, ThroughAProxyEverythingIsAsWithoutOne) {
  const Logged log;
  World world;
  TestProxy proxy;
  BehindProxy agent(world, proxy.url("alice:p%40ss"));
  ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().live >= 20; })) << log.text();
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  EXPECT_EQ(world.collector.seen().total(), agent.taken);
  ASSERT_EQ(proxy.requests().size(), 1U);
  const std::string target = "127.0.0.1:" + std::to_string(world.collector.port());
  EXPECT_THAT(proxy.requests()[0], HasSubstr("CONNECT " + target + " HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("Proxy-Authorization: Basic YWxpY2U6cEBzcw==\r\n"));
  EXPECT_THAT(proxy.requests()[0], Not(HasSubstr("secret-key")));
  EXPECT_THAT(log.text(), HasSubstr("proxy=127.0.0.1:"));
  EXPECT_THAT(log.text(), Not(HasSubstr("p@ss")));
  EXPECT_THAT(log.text(), Not(HasSubstr("YWxpY2U6")));
}

TEST(Roads, TheCollectorsNameIsTheProxysToResolve) {
  World world;
  TestProxy proxy;
  BehindProxy agent(world, proxy.url(), "collector.test");
  EXPECT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
}

TEST(Roads, WhatNoProxyNamesGoesDirect) {
  World world;
  TestProxy proxy("HTTP/1.1 403 Forbidden\r\n\r\n");
  BehindProxy agent(world, proxy.url(), "127.0.0.1", quick(), "127.0.0.0/8");
  EXPECT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  EXPECT_TRUE(proxy.requests().empty());
}

/// What is logged first of an agent behind a proxy that answers this.
std::string refusal(const std::string& answer, LinkLimits limits = quick()) {
  const Logged log;
  World world;
  TestProxy proxy(answer);
  BehindProxy agent(world, proxy.url("alice:hunter2"), "127.0.0.1", limits);
  EXPECT_TRUE(agent.run_until([&] { return log.text().find("not connected") != std::string::npos; }));
  EXPECT_EQ(world.collector.seen().connections, 0);
  EXPECT_THAT(log.text(), Not(HasSubstr("hunter2")));
  if (answer.find(" 407 ") != std::string::npos) {
    EXPECT_GT(agent.link.deadline() - TestAgent::Clock::now(), 25s) << "accounts get locked";
  }
  return log.text();
}

TEST(Roads, WhatAProxySaysInsteadOfATunnelIsTold) {
  EXPECT_THAT(refusal("HTTP/1.1 407 Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"),
              HasSubstr("doesn't accept the user and password (HTTP 407)"));
  EXPECT_THAT(refusal("HTTP/1.0 403 Forbidden\r\n\r\n"), HasSubstr("doesn't let this machine through to 127.0.0.1:"));
  EXPECT_THAT(refusal("HTTP/1.1 503 Service Unavailable\r\n\r\n"), HasSubstr("can't reach 127.0.0.1:"));
  EXPECT_THAT(refusal("SSH-2.0-OpenSSH_9.2\r\n\r\n"), HasSubstr("is this an HTTP proxy?"));
  EXPECT_THAT(refusal("HTTP/1.1 200 OK\r\n\r\n<html>"), HasSubstr("sent more than an answer to CONNECT"));
  EXPECT_THAT(refusal("HTTP/1.1 200 OK\r\nX"), HasSubstr("hung up instead of answering CONNECT"));
}

TEST(Roads, AProxyThatSaysNothingIsLeft) {
  LinkLimits limits = quick();
  limits.handshake = 200ms;
  EXPECT_THAT(refusal("-", limits), HasSubstr("didn't answer CONNECT in time"));
}

TEST(Roads, AProxyThatIsAwayIsNamed) {
  const Logged log;
  World world;
  BehindProxy agent(world, "http://127.0.0.1:1");
  ASSERT_TRUE(agent.run_until([&] { return log.text().find("not connected") != std::string::npos; }));
  EXPECT_THAT(log.text(), HasSubstr("can't connect to the proxy 127.0.0.1:1: 127.0.0.1: Connection refused"));
}

TEST(Roads, AProxyThatOpensTlsIsRefusedBeforeTheKeyIsSent) {
  const Logged log;
  World world;
  // Its own authority's certificate for the same name: what an intercepting proxy shows.
  const Signed own = make_authority("Proxy CA");
  TestCollector opened(own, make_server(own, kNames));
  TestProxy proxy;
  TestAgent agent(opened.port(), pin_text(world.authority), "127.0.0.1", quick(), resolve_now, {},
                  {parse_proxy_url(proxy.url()).value(), ""});
  ASSERT_TRUE(agent.run_until([&] { return log.text().find("not connected") != std::string::npos; }));
  EXPECT_THAT(log.text(), HasSubstr("wrong pin"));
  EXPECT_THAT(log.text(), HasSubstr("if it opens TLS, exempt the collector from that"));
  EXPECT_TRUE(opened.seen().requests.empty());
}

/// Two collectors under one authority.
struct Two : World {
  TestCollector second{authority, server};
  [[nodiscard]] std::vector<CollectorAddress> others() const { return {{"127.0.0.1", second.port()}}; }
};

TEST(Roads, TheNextCollectorIsTakenWhereTheFirstCannotBeReachedAndLosesNothing) {
  Two world;
  world.collector.shut_port(true);
  LinkLimits limits = quick();
  limits.better = 300ms;
  TestAgent agent(world.collector.port(), pin_text(world.authority), "127.0.0.1", limits, resolve_now, world.others());
  ASSERT_TRUE(agent.run_until([&] { return world.second.seen().live >= 5; }));
  // The first is tried beside the second meanwhile, which doesn't notice.
  ASSERT_TRUE(agent.run_until([&] { return agent.taken >= 60; }));
  EXPECT_EQ(agent.link.connections(), 1U);
  world.collector.shut_port(false);
  ASSERT_TRUE(agent.run_until([&] { return world.collector.seen().live >= 5; })) << "it comes back to the first";
  EXPECT_EQ(agent.link.connections(), 2U);
  EXPECT_THAT(world.second.seen().closes, testing::ElementsAre(wire::close::going_away));
  EXPECT_TRUE(world.second.seen().goodbyes.empty()) << "nothing stopped";
  agent.ticking = false;
  ASSERT_TRUE(agent.run_until([&] { return agent.spool.open().empty(); }));
  EXPECT_GE(world.collector.seen().total() + world.second.seen().total(), agent.taken);
}

TEST(Roads, ACollectorThatAsksForTimeGetsItWhileTheNextOneServes) {
  Two world;
  world.collector.behave([](Behaviour& b) { b.answer = "HTTP/1.1 503 Busy\r\nRetry-After: 600\r\n\r\n"; });
  LinkLimits limits = quick();
  limits.better = 50ms;
  TestAgent agent(world.collector.port(), pin_text(world.authority), "127.0.0.1", limits, resolve_now, world.others());
  ASSERT_TRUE(agent.run_until([&] { return world.second.seen().live >= 20; }));
  EXPECT_EQ(world.collector.seen().connections, 1);
}

TEST(Roads, AfterASleepTheConnectionIsGivenUpAtOnceAndNoWaitHoldsUpTheNext) {
  const Logged log;
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  agent.link.woke(9s, TestAgent::Clock::now());
  EXPECT_TRUE(agent.link.connected()) << "short enough for the collector";
  agent.link.woke(2h, TestAgent::Clock::now());
  EXPECT_FALSE(agent.link.connected());
  EXPECT_THAT(log.text(), HasSubstr("this machine was asleep for 2 h"));
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connections() == 2; }));

  world.collector.close(wire::close::revoked, "for long");
  ASSERT_TRUE(agent.run_until([&] { return !agent.link.connected(); }));
  ASSERT_GT(agent.link.deadline() - TestAgent::Clock::now(), 25s);
  agent.link.woke(1min, TestAgent::Clock::now());
  EXPECT_LT(agent.link.deadline() - TestAgent::Clock::now(), 1s);
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connections() == 3; }));
}

TEST(Roads, TryLaterIsObeyed) {
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority));
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  world.collector.close(wire::close::try_later, "too much to do");
  ASSERT_TRUE(agent.run_until([&] { return !agent.link.connected(); }));
  EXPECT_GT(agent.link.deadline() - TestAgent::Clock::now(), 4s);
}

TEST(Roads, EachAttemptAsksTheResolverAnew) {
  World world;
  std::atomic<int> asked = 0;
  const Lookup moving = [&](const CollectorAddress& address) {
    // The first answer leads nowhere, as an address does that the collector has moved away from.
    return resolve_now({"127.0.0.1", asked++ == 0 ? std::uint16_t{1} : address.port});
  };
  TestAgent agent(world.collector.port(), pin_text(world.authority), "collector.test", quick(), moving);
  EXPECT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  EXPECT_GE(asked, 2);
}

TEST(Roads, TagsAreToldInHello) {
  World world;
  TestAgent agent(world.collector.port(), pin_text(world.authority), "127.0.0.1", quick(), resolve_now, {}, {},
                  {"site=berlin", "database"});
  ASSERT_TRUE(agent.run_until([&] { return agent.link.connected(); }));
  EXPECT_THAT(world.collector.seen().hellos.at(0).tags, testing::ElementsAre("site=berlin", "database"));
}

}  // namespace
}  // namespace vedette::link
