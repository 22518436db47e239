// A collector behind a proxy: below a path of its own, and without TLS where that ends at the proxy.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "server/api/mounted.h"
#include "tests/logged.h"
#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

Settings behind(const Bench& bench, const std::string& proxy) {
  Settings settings = bench.settings();
  settings.net.trusted_proxies = {proxy};
  settings.net.plaintext = settings.net.only_proxies = true;
  return settings;
}

/// As the proxy passes it on.
std::string ask(const Collector& collector, const std::string& line, const std::string& headers = "",
                const std::string& body = "") {
  net::testing::Client client(collector.port(), false);
  client.write(line + " HTTP/1.1\r\nHost: mon.example.org\r\nX-Forwarded-For: 192.0.2.7\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  return client.response();
}

TEST(TlsAtProxy, MakesNoCertificateAndHasNoPin) {
  Bench bench;
  auto collector = bench.start(behind(bench, "127.0.0.1"));
  EXPECT_FALSE(std::filesystem::exists(bench.directory / "data/tls"));
  EXPECT_TRUE(collector->url().starts_with("http://127.0.0.1:")) << collector->url();
  EXPECT_EQ(collector->pin(), "");
  const auto pin = bench.ask({"pin", {}, {}});
  ASSERT_FALSE(pin);
  EXPECT_TRUE(pin.error().message.starts_with("there is no pin: TLS ends at the proxy")) << pin.error().message;
  collector->renew_certificate();
  collector->heed_clock();
  EXPECT_TRUE(ask(*collector, "GET /healthz").starts_with("HTTP/1.1 200 "));
}

TEST(TlsAtProxy, LogsThoseWhoComePastTheProxyOnceAMinute) {
  tests::Logged log;
  Bench bench;
  auto collector = bench.start(behind(bench, "192.0.2.1"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*collector, "GET /healthz"), "");
  EXPECT_EQ(log.count("a connection past the proxy was closed unread"), 1U);
  collector.reset();
}

TEST(BasePath, ALoginBelowItStaysBelowIt) {
  Bench bench;
  Settings settings = behind(bench, "127.0.0.1");
  settings.base_path = "/vedette";
  auto collector = bench.start(std::move(settings));
  EXPECT_TRUE(collector->url().ends_with("/vedette"));
  ASSERT_TRUE(bench.ask({"user add", {"ann"}, {{"role", "viewer"}, {"password-stdin", ""}}}, "correct horse"));
  const std::string headers = "X-Requested-With: vedette\r\nOrigin: https://mon.example.org\r\n";
  const std::string body = R"({"user":"ann","password":"correct horse"})";
  const std::string answer = ask(*collector, "POST /vedette/api/v1/session", headers, body);
  const std::string name = "__Secure-sid=";
  const std::size_t at = answer.find("Set-Cookie: " + name);
  ASSERT_NE(at, std::string::npos) << answer;
  const std::string line = answer.substr(at + 12, answer.find('\r', at) - at - 12);
  EXPECT_TRUE(line.ends_with("; Path=/vedette/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure")) << line;
  const std::string cookie = "Cookie: " + line.substr(0, line.find(';')) + "\r\n";
  for (const char* path : {"/vedette/api/v1/hosts", "/api/v1/hosts"}) {
    EXPECT_TRUE(ask(*collector, std::string("GET ") + path, cookie).starts_with("HTTP/1.1 200 ")) << path;
  }
  EXPECT_NE(ask(*collector, "GET /vedette").find("\r\nLocation: /vedette/\r\n"), std::string::npos);
}

/// A base path that began like one of these couldn't be told from it.
TEST(BasePath, NothingOfTheCollectorsOwnIsLeftOutOfTheList) {
  Bench bench;
  auto collector = bench.start();
  const auto listed = [](const std::string& pattern) {
    const std::string_view first = std::string_view(pattern).substr(1, pattern.find('/', 1) - 1);
    return std::ranges::find(api::own_paths(), first) != api::own_paths().end();
  };
  ASSERT_FALSE(collector->router().routes().empty());
  for (const auto& route : collector->router().routes()) EXPECT_TRUE(listed(route.pattern)) << route.pattern;
  for (const auto& route : collector->router().upgrade_routes()) EXPECT_TRUE(listed(route.pattern)) << route.pattern;
}

}  // namespace
}  // namespace vedette::app
