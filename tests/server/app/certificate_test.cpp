// Certificates that change on disk under a running collector.
#include <openssl/x509.h>

#include <fstream>
#include <vector>

#include "server/access/x509.h"
#include "server/app/certificate_keeper.h"
#include "tests/logged.h"
#include "tests/server/app/a_collector.h"

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
  tests::Logged log;
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

TEST(Certificate, ThatIsntValidYetIsWarnedOfAndRefusedByCheckConfig) {
  tests::Logged log;
  Bench bench;
  const Settings settings = with_files(bench);
  const auto now = bench.clock.now();
  const std::string early = put(settings, kLife + std::chrono::days(31));  // valid from in 30 days on
  auto collector = bench.start(settings);
  EXPECT_EQ(shown(*collector), early) << "the clock may be set later";
  EXPECT_EQ(log.count("isn't valid yet, so nobody accepts it"), 1u);
  EXPECT_TRUE(check_files(settings, now));
  const auto checked = check_files_strictly(settings, now);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("is valid from "), std::string::npos) << checked.error().message;
  EXPECT_NE(checked.error().message.find("set the clock"), std::string::npos) << checked.error().message;
  EXPECT_TRUE(check_files_strictly(settings, now + std::chrono::days(31)));
  collector.reset();
}

TEST(Certificate, ThatIsntValidYetDoesNotReplaceOneThatIs) {
  tests::Logged log;
  Bench bench;
  const Settings settings = with_files(bench);
  const std::string old = put(settings, std::chrono::days(90));
  auto collector = bench.start(settings);
  (void)put(settings, kLife + std::chrono::days(31));
  collector->renew_certificate();
  EXPECT_EQ(shown(*collector), old);
  EXPECT_EQ(log.count("isn't valid yet; the one loaded before goes on"), 1u);
  collector.reset();
}

/// A clock that is set by hand.
struct SetClock final : domain::Clock {
  units::Instant wall;
  explicit SetClock(units::Instant at) : wall(at) {}
  units::Instant now() const override { return wall; }
  units::Steady steady() const override { return units::Steady{}; }
};

TEST(Certificate, OurOwnFollowsAClockThatIsSetAtOnce) {
  const tests::TemporaryDirectory directory;
  const units::Instant now = units::from_unix_ms(1'795'000'000'000);
  for (const std::chrono::days wrong : {std::chrono::days(1500), std::chrono::days(-1500)}) {
    SetClock clock(now + wrong);
    const access::CertificateConfig config{directory / std::to_string(wrong.count()), {}, {}, {"localhost"}};
    auto keeper = CertificateKeeper::prepare([&] { return config; }, clock);
    ASSERT_TRUE(keeper) << keeper.error().message;
    const access::Certificates first = (*keeper)->loaded();
    int reloads = 0;
    const auto reload = [&]() -> units::Result<void> { return ++reloads, units::Result<void>{}; };
    (*keeper)->heed_clock(reload);
    EXPECT_EQ(reloads, 0);
    clock.wall = now;
    (*keeper)->heed_clock(reload);
    (*keeper)->heed_clock(reload);
    EXPECT_EQ(reloads, 1) << wrong.count();
    EXPECT_LE((*keeper)->loaded().starts, now);
    EXPECT_GT((*keeper)->loaded().expires, now + std::chrono::days(300));
    EXPECT_EQ((*keeper)->loaded().pin, first.pin);
  }
}

TEST(Certificate, NearItsEndIsWarnedOfOnceADay) {
  tests::Logged log;
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
