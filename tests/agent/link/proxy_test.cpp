#include "agent/link/proxy.h"

#include <gmock/gmock.h>

#include <map>

namespace vedette::link {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Proxy, UrlsAreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_proxy_url("http://proxy.example:3128").value(), (Proxy{"proxy.example", 3128}));
  EXPECT_EQ(parse_proxy_url("HTTP://proxy.example:3128/").value(), (Proxy{"proxy.example", 3128}));
  EXPECT_EQ(parse_proxy_url("proxy.example:3128").value(), (Proxy{"proxy.example", 3128}));
  EXPECT_EQ(parse_proxy_url("http://[2001:db8::1]:8080").value(), (Proxy{"2001:db8::1", 8080}));
  EXPECT_EQ(parse_proxy_url("http://alice:p%40ss:w@h:1").value().credentials, "YWxpY2U6cEBzczp3");
  EXPECT_EQ(parse_proxy_url("http://alice:p@ss@h:1").value().credentials, "YWxpY2U6cEBzcw==");
  EXPECT_EQ(parse_proxy_url("http://alice@h:1").value().credentials, "YWxpY2U6");
}

TEST(Proxy, AUrlThatCannotBeUsedIsRefusedWithoutRepeatingItsPassword) {
  for (const char* url :
       {"", "http://", "http://proxy.example", "http://proxy.example:0", "http://proxy.example:99999",
        "http://h:3128/path", "https://u:secret@h:3128", "socks5://u:secret@h:1080", "http://u:secret@h h:1",
        "http://u:secret%4@h:1", "http://u:secret%zz@h:1", "http://:secret@h:1", "http://u:secret%0a@h:1",
        "http://a%3ab:secret@h:1", "http://[::1:3128", "http://u:secret@::1:3128"}) {
    const auto proxy = parse_proxy_url(url);
    ASSERT_FALSE(proxy) << url;
    EXPECT_EQ(proxy.error().code, units::ErrorCode::invalid);
    EXPECT_THAT(proxy.error().message, HasSubstr("http://HOST:PORT"));
    EXPECT_THAT(proxy.error().message, Not(HasSubstr("secret")));
  }
}

TEST(NoProxy, NamesTheCollectorsThatGoDirect) {
  const CollectorAddress name{"a.example.com", 8443}, v4{"10.1.2.3", 8443}, v6{"2001:db8::7", 8443};
  for (const char* list : {"*", "a.example.com", "example.com", ".example.com", "*.example.com", "EXAMPLE.com",
                           "x, example.com", "x example.com", "a.example.com:8443"}) {
    EXPECT_TRUE(goes_direct(list, name)) << list;
  }
  for (const char* list :
       {"", ",", "ample.com", "b.example.com", "a.example.com.de", "a.example.com:443", ".", "10.0.0.0/8"}) {
    EXPECT_FALSE(goes_direct(list, name)) << list;
  }
  for (const char* list : {"10.1.2.3", "10.0.0.0/8", "10.1.2.0/23", "10.1.2.3:8443", "0.0.0.0/0"}) {
    EXPECT_TRUE(goes_direct(list, v4)) << list;
  }
  for (const char* list :
       {"10.1.2.4", "10.1.2.4/32", "10.1.2.3/33", "10.1.4.0/23", "1.2.3", "2.3", "10.1.2.3/", "::/0", "10.1.2.3:1"}) {
    EXPECT_FALSE(goes_direct(list, v4)) << list;
  }
  for (const char* list : {"2001:db8::7", "2001:db8::/32", "[2001:db8::7]", "[2001:db8::7]:8443", "2001:DB8:0::7"}) {
    EXPECT_TRUE(goes_direct(list, v6)) << list;
  }
  for (const char* list : {"2001:db8::8", "2001:db9::/32", "[2001:db8::7]:1", "0.0.0.0/0"}) {
    EXPECT_FALSE(goes_direct(list, v6)) << list;
  }
}

ProxyChoice chosen(const std::string& configured, std::map<std::string, std::string> environment) {
  return choose_proxy(configured, [&](const char* name) { return environment[name]; }).value();
}

TEST(ProxyChoice, TheConfigurationWinsOverTheEnvironment) {
  const CollectorAddress collector{"c.example", 8443};
  EXPECT_FALSE(chosen("", {}).for_collector(collector));
  EXPECT_EQ(
      chosen("", {{"https_proxy", "http://low:1"}, {"HTTPS_PROXY", "http://up:2"}}).for_collector(collector)->host,
      "low");
  EXPECT_EQ(chosen("", {{"HTTPS_PROXY", "http://up:2"}}).for_collector(collector)->host, "up");
  EXPECT_FALSE(chosen("", {{"https_proxy", "http://low:1"}, {"no_proxy", "c.example"}}).for_collector(collector));
  EXPECT_FALSE(chosen("", {{"https_proxy", "http://low:1"}, {"NO_PROXY", "example"}}).for_collector(collector));
  EXPECT_EQ(chosen("http://own:3", {{"https_proxy", "http://low:1"}, {"no_proxy", "*"}}).for_collector(collector)->host,
            "own");
  EXPECT_FALSE(chosen("none", {{"https_proxy", "http://low:1"}}).for_collector(collector));
}

TEST(ProxyChoice, AnErrorSaysWhereTheUrlStands) {
  const auto of = [](const std::string& configured, const std::string& environment) {
    return choose_proxy(configured,
                        [&](const char* name) { return name == std::string("HTTPS_PROXY") ? environment : ""; })
        .error()
        .message;
  };
  EXPECT_THAT(of("", "socks5://h:1"), HasSubstr("the environment's HTTPS_PROXY can't be used: only proxies"));
  EXPECT_THAT(of("http://h", ""), HasSubstr("the configuration's proxy can't be used: the proxy's URL has no port"));
}

TEST(Connect, AsksForTheCollectorsHostAndPort) {
  EXPECT_EQ(connect_request({"c.example", 443}, {"p", 1}),
            "CONNECT c.example:443 HTTP/1.1\r\nHost: c.example:443\r\n\r\n");
  EXPECT_EQ(
      connect_request({"2001:db8::7", 8443}, {"p", 1, "QTpC"}),
      "CONNECT [2001:db8::7]:8443 HTTP/1.1\r\nHost: [2001:db8::7]:8443\r\nProxy-Authorization: Basic QTpC\r\n\r\n");
}

units::Error refusal(const std::string& head, const Proxy& proxy = {"p.example", 3128}) {
  const auto parsed = parse_response("HTTP/1.1 " + head + "\r\n\r\n", Answerer::proxy).value().value();
  return check_tunnel(parsed, {"c.example", 8443}, proxy).error();
}

TEST(Connect, EachRefusalSaysWhatToDo) {
  EXPECT_THAT(
      refusal("407 x\r\nProxy-Authenticate: Negotiate").message,
      HasSubstr("the proxy p.example:3128 wants a user and password (HTTP 407); it asks for: Negotiate; write"));
  EXPECT_THAT(refusal("407 x", {"p.example", 3128, "QTpC"}).message, HasSubstr("doesn't accept the user and password"));
  EXPECT_THAT(refusal("407 x", {"p.example", 3128, "QTpC"}).message, Not(HasSubstr("QTpC")));
  EXPECT_EQ(refusal("407 x").code, units::ErrorCode::unauthorized);
  EXPECT_THAT(refusal("403 x").message,
              HasSubstr("doesn't let this machine through to c.example:8443 (HTTP 403); allow"));
  EXPECT_EQ(refusal("503 x").code, units::ErrorCode::unavailable);
  EXPECT_THAT(refusal("302 x").message, HasSubstr("answered CONNECT with HTTP 302; is that an HTTP proxy?"));
}

}  // namespace
}  // namespace vedette::link
