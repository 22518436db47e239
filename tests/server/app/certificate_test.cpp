// Certificates that change on disk under a running collector.
#include <openssl/x509.h>

#include <fstream>
#include <vector>

#include "server/access/x509.h"
#include "tests/server/app/a_collector.h"
#include "tests/server/app/log.h"

namespace vedette::app {
namespace {

constexpr std::chrono::days kLife{396};  // of what make_server() makes, from now on

/// A certificate with its key as certbot would put them there; it ends `left` from now. Returns its DER.
std::string put(const Settings& settings, std::chrono::hours left) {
  const auto made = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now()) + left - kLife;
  const auto ca_key = access::make_key(), key = access::make_key();
  const auto ca = access::make_ca(ca_key.get(), made);
  const auto server = access::make_server(key.get(), {"localhost"}, ca.get(), ca_key.get(), made);
  EXPECT_TRUE(access::write_key(settings.key, key.get()));
  EXPECT_TRUE(access::write_chain(settings.certificate, {server.get(), ca.get()}));
  unsigned char* der = nullptr;
  const int size = i2d_X509(server.get(), &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

Settings with_files(const Bench& bench) {
  Settings settings = bench.settings();
  settings.certificate = bench.directory / "server.crt";
  settings.key = bench.directory / "server.key";
  return settings;
}

std::string shown(const Collector& collector) {
  return net::testing::Client(collector.port()).certificate();
}

TEST(Certificate, RenewedOnDiskIsTakenUpAndItsEndIsTold) {
  Bench bench;
  const Settings settings = with_files(bench);
  const std::string old = put(settings, std::chrono::days(30));
  auto collector = bench.start(settings);
  EXPECT_EQ(shown(*collector), old);
  const std::string end = metric(*collector, "certificate_expires_seconds");

  const std::string fresh = put(settings, std::chrono::days(90));
  EXPECT_EQ(shown(*collector), old) << "until the files are looked at";
  collector->renew_certificate();
  EXPECT_EQ(shown(*collector), fresh);
  EXPECT_GT(std::stod(metric(*collector, "certificate_expires_seconds")), std::stod(end) + 59 * 86'400);
  EXPECT_EQ(*bench.ask({"pin", {}, {}}), collector->pin() + "\n");
}

TEST(Certificate, ThatCantBeUsedLeavesTheOldOneInPlaceAndIsTriedAgain) {
  Log log;
  Bench bench;
  const Settings settings = with_files(bench);
  const std::string old = put(settings, std::chrono::days(30));
  auto collector = bench.start(settings);
  const auto key = settings.key.string() + ".old";
  std::filesystem::copy(settings.key, key);
  const std::string fresh = put(settings, std::chrono::days(90));
  std::filesystem::rename(settings.key, settings.key.string() + ".new");
  std::filesystem::rename(key, settings.key);  // the certificate is new already, its key isn't
  collector->renew_certificate();
  EXPECT_EQ(shown(*collector), old);
  EXPECT_EQ(log.count("the one loaded before goes on"), 1u);
  std::filesystem::rename(settings.key.string() + ".new", settings.key);
  collector->renew_certificate();
  EXPECT_EQ(shown(*collector), fresh);
  collector.reset();
}

TEST(Certificate, NearItsEndIsWarnedOfOnceADay) {
  Log log;
  Bench bench;
  const Settings settings = with_files(bench);
  (void)put(settings, std::chrono::days(15));
  auto collector = bench.start(settings);
  EXPECT_EQ(log.count("ends soon"), 0u);
  (void)put(settings, std::chrono::hours(13 * 24 + 1));
  collector->renew_certificate();
  collector->renew_certificate();
  EXPECT_EQ(log.count("ends soon"), 1u);
  EXPECT_EQ(log.count("days_left=13"), 1u);
  collector.reset();
}

}  // namespace
}  // namespace vedette::app
