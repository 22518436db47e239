#include "server/access/certificates.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>

#include "server/access/addresses.h"
#include "server/access/x509.h"
#include "tests/temporary_directory.h"

namespace vedette::access {
namespace {

constexpr units::Instant kNow = units::from_unix_ms(1'795'000'000'000);
constexpr std::chrono::hours kDay{24};

struct Bench {
  tests::TemporaryDirectory directory;
  CertificateConfig config{directory / "tls", {}, {}, {"localhost", "127.0.0.1", "::1", "web.example.org"}};

  Certificates prepare(units::Instant now = kNow) {
    auto files = prepare_certificates(config, now);
    if (!files) ADD_FAILURE() << files.error().message;
    return files.value_or(Certificates{});
  }
};

TEST(Certificates, AreMadeOnceForEveryNameAndAddress) {
  Bench bench;
  const auto files = bench.prepare();
  EXPECT_TRUE(files.made);
  const auto chain = read_chain(files.chain);
  ASSERT_EQ(chain->size(), 2u);
  X509* server = chain->front().get();
  for (const char* name : {"localhost", "web.example.org"})
    EXPECT_EQ(X509_check_host(server, name, 0, 0, nullptr), 1) << name;
  for (const char* address : {"127.0.0.1", "::1"}) EXPECT_EQ(X509_check_ip_asc(server, address, 0), 1) << address;
  EXPECT_NE(X509_check_host(server, "evil.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_verify(server, X509_get0_pubkey(chain->back().get())), 1);
  EXPECT_EQ(X509_check_ca(chain->back().get()), 1);
  EXPECT_EQ(X509_check_ca(server), 0);
  EXPECT_FALSE(bench.prepare().made);
}

TEST(Certificates, PassOpensslsOwnStrictCheck) {
  Bench bench;
  const auto chain = read_chain(bench.prepare().chain);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, chain->back().get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, chain->front().get(), nullptr);
  X509_STORE_CTX_set_time(context, X509_V_FLAG_X509_STRICT, units::unix_ms(kNow) / 1000);
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
  EXPECT_EQ(X509_verify_cert(context), 1) << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
}

TEST(Certificates, KeepKeysPrivate) {
  Bench bench;
  bench.prepare();
  for (const std::string name : {"tls/ca.key", "tls/server.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((bench.directory / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

TEST(Certificates, AreRenewedInTimeUnderTheSamePin) {
  Bench bench;
  const auto first = bench.prepare();
  EXPECT_LE(first.expires - kNow, 397 * kDay);
  EXPECT_FALSE(bench.prepare(kNow + 360 * kDay).made);
  const auto renewed = bench.prepare(kNow + 370 * kDay);
  EXPECT_TRUE(renewed.made);
  EXPECT_EQ(renewed.pin, first.pin);
  EXPECT_GT(renewed.expires, first.expires);
}

TEST(Certificates, MadeWhileTheClockRanAheadAreMadeAnewUnderTheSamePin) {
  Bench bench;
  const auto ahead = bench.prepare(kNow + 1500 * kDay);
  EXPECT_FALSE(bench.prepare(kNow + 1499 * kDay).made) << "valid, if only since a moment ago";
  const auto files = bench.prepare();
  EXPECT_TRUE(files.made);
  EXPECT_EQ(files.pin, ahead.pin) << "agents stay enrolled";
  EXPECT_LE(files.starts, kNow);
  const auto chain = read_chain(files.chain);
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_LE(start_of(chain->back().get()), kNow) << "the authority too";
  EXPECT_EQ(X509_verify(chain->front().get(), X509_get0_pubkey(chain->back().get())), 1);
  EXPECT_FALSE(bench.prepare().made);
}

TEST(Certificates, AreMadeAnewWhenTheNamesChange) {
  Bench bench;
  const auto first = bench.prepare();
  bench.config.names.insert("10.1.2.3");
  const auto second = bench.prepare();
  EXPECT_TRUE(second.made);
  EXPECT_EQ(second.pin, first.pin);
  bench.config.names.insert("2001:0DB8::0001");
  EXPECT_TRUE(bench.prepare().made);
  EXPECT_FALSE(bench.prepare().made);
}

TEST(Certificates, ARenewedAuthorityKeepsItsKeyAndSoThePin) {
  Bench bench;
  const auto first = bench.prepare();
  const auto later = bench.prepare(kNow + 3400 * kDay);
  EXPECT_EQ(later.pin, first.pin);
  EXPECT_GT(expiry_of(read_chain(bench.directory / "tls/ca.crt")->front().get()), kNow + 6000 * kDay);
}

TEST(Certificates, ALostAuthorityKeyIsNotReplacedSilently) {
  Bench bench;
  bench.prepare();
  std::filesystem::remove(bench.directory / "tls/ca.key");
  const auto files = prepare_certificates(bench.config, kNow);
  ASSERT_FALSE(files);
  EXPECT_NE(files.error().message.find("ca.key"), std::string::npos);
}

TEST(Certificates, NamesThatCantStandInOneAreLeftOut) {
  Bench bench;
  bench.config.names.insert("a,DNS:evil.example.org");
  const auto chain = read_chain(bench.prepare().chain);
  EXPECT_NE(X509_check_host(chain->front().get(), "evil.example.org", 0, 0, nullptr), 1);
}

TEST(ConfiguredCertificate, IsCheckedAgainstItsKeyAndTheTime) {
  Bench own;
  const auto files = own.prepare();
  Bench other;
  const auto stranger = other.prepare();
  const auto ask = [](std::filesystem::path certificate, std::filesystem::path key, units::Instant now) {
    const auto read = prepare_certificates({"", std::move(certificate), std::move(key), {}}, now);
    return read ? read->pin : read.error().message;
  };
  EXPECT_EQ(ask(files.chain, files.key, kNow), files.pin);
  EXPECT_NE(ask(files.chain, stranger.key, kNow).find("isn't the key"), std::string::npos);
  EXPECT_NE(ask(files.chain, files.key, kNow + 400 * kDay).find("expired"), std::string::npos);
  const auto early = prepare_certificates({"", files.chain, files.key, {}}, kNow - 400 * kDay);
  ASSERT_TRUE(early) << "a clock that is set later isn't the files' fault";
  EXPECT_EQ(early->starts, start_of(read_chain(files.chain)->front().get()));
  EXPECT_GT(early->starts, kNow - 400 * kDay);
  EXPECT_NE(ask("/nowhere.pem", files.key, kNow).find("/nowhere.pem: cannot be read: No such file"), std::string::npos);
  std::ofstream(own.directory / "empty.pem") << "hello";
  EXPECT_NE(ask(own.directory / "empty.pem", files.key, kNow).find("holds no certificate"), std::string::npos);
  EXPECT_NE(ask(files.chain, own.directory / "empty.pem", kNow).find("holds no private key"), std::string::npos);
}

TEST(Pin, IsReadWithoutMakingAnything) {
  Bench bench;
  EXPECT_FALSE(read_pin(bench.config));
  EXPECT_FALSE(std::filesystem::exists(bench.directory / "tls"));
  const auto files = bench.prepare();
  EXPECT_EQ(*read_pin(bench.config), files.pin);
  EXPECT_EQ(files.pin.size(), 7u + 64u);
}

TEST(MachineNames, LeaveOutLinkLocalAddresses) {
  const auto link_local = [](const char* text) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) return is_link_local(reinterpret_cast<sockaddr&>(four));
    EXPECT_EQ(::inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
    return is_link_local(reinterpret_cast<sockaddr&>(six));
  };
  for (const char* text : {"169.254.0.1", "169.254.255.254", "fe80::1"}) EXPECT_TRUE(link_local(text)) << text;
  for (const char* text : {"169.253.1.1", "192.168.254.1", "10.0.0.1", "2001:db8::1"})
    EXPECT_FALSE(link_local(text)) << text;
}

TEST(MachineNames, AlwaysHoldTheLocalOnes) {
  const auto names = machine_names();
  for (const char* name : {"localhost", "127.0.0.1", "::1"}) EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace vedette::access
