// Who may read /metrics, and what it tells.
#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

std::string status(const Collector& collector, const std::string& headers) {
  return get(collector, "/metrics", headers).substr(0, 12);
}

TEST(Metrics, AreForThisMachineAndNotForWhomAProxyOnItSpeaks) {
  Bench bench;
  auto collector = bench.start();
  EXPECT_EQ(status(*collector, ""), "HTTP/1.1 200");
  for (const char* header : {"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: mon.example.org",
                             "Forwarded: for=192.0.2.7", "Via: 1.1 proxy", "X-Forwarded-For: 127.0.0.1"}) {
    EXPECT_EQ(status(*collector, std::string(header) + "\r\n"), "HTTP/1.1 401") << header;
  }
}

TEST(Metrics, AreNotForATrustedProxyEvenIfItSaysNothing) {
  Bench bench;
  Settings settings = bench.settings();
  settings.net.trusted_proxies = {"127.0.0.1"};
  auto collector = bench.start(std::move(settings));
  EXPECT_EQ(status(*collector, ""), "HTTP/1.1 401");
  EXPECT_EQ(status(*collector, "X-Forwarded-For: 127.0.0.1\r\n"), "HTTP/1.1 401");
}

}  // namespace
}  // namespace vedette::app
