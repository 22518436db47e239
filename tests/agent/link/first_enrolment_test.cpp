// Enrolling by itself at the first start, and the way back: real TLS to a test collector, real files.
#include "agent/app/first_enrolment.h"

#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/app/run.h"
#include "agent/link/enroll.h"
#include "tests/agent/link/test_collector.h"
#include "tests/agent/link/test_proxy.h"
#include "tests/logged.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;
using link::pin_text;
using testing::HasSubstr;
using testing::Not;
using tests::Logged;
using units::ErrorCode;

constexpr const char* kId = "0123456789abcdef0123456789abcdef";

std::string http(const std::string& status, const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\n" + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string kGood = http("200 OK", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})");

/// A collector that answers everything with these bytes, and a state directory.
struct Desk {
  explicit Desk(const std::string& answer = kGood)
      : collector(authority, link::make_server(authority, "IP:127.0.0.1"), {.answer = answer}) {
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(collector.port()); }
  [[nodiscard]] config::EnrolSource source() const {
    return {.urls = {url()},
            .token = "the-token",
            .token_file = {},
            .ca_pin = pin_text(authority),
            .name = {},
            .tags = {},
            .place = "here"};
  }
  units::Result<std::optional<config::Identity>> enrol(const config::EnrolSource& with, int stop = -1,
                                                       const config::Config& config = {}) {
    return enrol_first(config, with, state,
                       {.random = [] { return 0.01; }, .refused = 10ms, .alive = [this] { ++alive; }, .stop = stop});
  }
  link::Signed authority = link::make_authority();
  link::TestCollector collector;
  tests::TemporaryDirectory folder;
  std::string state = folder / "state";
  int alive = 0;
};

config::Config through(const link::TestProxy& proxy) {
  config::Config config;
  config.proxy = proxy.url();
  return config;
}

TEST(FirstEnrolment, ATokensFileBecomesAnIdentityAndIsRemoved) {
  const Logged log;
  Desk desk;
  const std::string token = desk.folder / "token";
  std::ofstream(token) << "file-token\n";
  std::filesystem::permissions(token, std::filesystem::perms::owner_read);
  std::ofstream(desk.state + "/enroll.toml")
      << "url = \"" << desk.url() << "\"\ntoken_file = \"" << token << "\"\nca_pin = \"" << pin_text(desk.authority)
      << "\"\nname = \"web-1\"\ntags = [\"site=berlin\", \"db\"]\n";
  const auto source = enrol_source({}, desk.state);
  ASSERT_TRUE(source && *source);
  const auto made = desk.enrol(**source);
  ASSERT_TRUE(made && *made) << (made ? "stopped" : made.error().message);
  const auto identity = config::load_identity(desk.state);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->key, "s3cret");
  EXPECT_EQ(identity->hostname, "web-1");
  EXPECT_THAT(identity->tags, testing::ElementsAre("site=berlin", "db"));
  struct stat info{};
  ASSERT_EQ(::stat((desk.state + "/agent.toml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(token));
  EXPECT_FALSE(std::filesystem::exists(desk.state + "/enroll.toml"));
  EXPECT_THAT(desk.collector.seen().requests.at(0), HasSubstr("POST /api/v1/agent/enroll"));
  EXPECT_THAT(log.text(), Not(HasSubstr("file-token")));
  EXPECT_THAT(log.text(), Not(HasSubstr("s3cret")));
}

TEST(FirstEnrolment, ACollectorThatIsAwayOrBusyIsTriedAgainUntilItTakesTheToken) {
  const Logged log;
  Desk desk(http("503 Service Unavailable", R"({"detail":"disk full"})"));
  desk.collector.shut_port(true);
  std::thread later([&] {
    while (log.text().find("hung up") == std::string::npos) std::this_thread::yield();
    desk.collector.shut_port(false);
    while (log.text().find("disk full") == std::string::npos) std::this_thread::yield();
    desk.collector.behave([](link::Behaviour& b) { b.answer = kGood; });
  });
  const auto made = desk.enrol(desk.source());
  later.join();
  ASSERT_TRUE(made && *made);
  EXPECT_GE(desk.alive, 3);
  EXPECT_THAT(log.text(), HasSubstr("not enrolled yet; will be tried again"));
}

TEST(FirstEnrolment, TheNextCollectorAndTheProxyAreUsed) {
  Desk desk;
  link::TestProxy proxy;
  auto source = desk.source();
  source.urls = {"https://127.0.0.1:1", desk.url()};
  const auto made = desk.enrol(source, -1, through(proxy));
  ASSERT_TRUE(made && *made);
  EXPECT_EQ((*made)->url, "https://127.0.0.1:1");
  EXPECT_THAT((*made)->other_urls, testing::ElementsAre(desk.url()));
  EXPECT_EQ(proxy.requests().size(), 2U);
}

TEST(FirstEnrolment, ACertificateThatIsNotTrustedYetIsTriedAgain) {
  const Logged log;
  Desk desk;
  auto source = desk.source();
  source.ca_pin = pin_text(link::make_authority("Another"));
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  std::thread later([&] {
    while (log.text().find("wrong") == std::string::npos) std::this_thread::yield();
    ::eventfd_write(stop, 1);
  });
  const auto made = desk.enrol(source, stop);
  later.join();
  ::close(stop);
  ASSERT_TRUE(made);
  EXPECT_FALSE(*made) << "told to stop";
  EXPECT_TRUE(desk.collector.seen().requests.empty());
  EXPECT_TRUE(std::filesystem::is_empty(desk.state));
}

TEST(FirstEnrolment, AStopEndsAnAttemptThatHangs) {
  Desk desk;
  link::TestProxy silent("-");
  const int stop = ::eventfd(1, EFD_CLOEXEC);
  const auto began = std::chrono::steady_clock::now();
  const auto made = desk.enrol(desk.source(), stop, through(silent));
  ::close(stop);
  ASSERT_TRUE(made);
  EXPECT_FALSE(*made);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST(FirstEnrolment, ARefusedTokenEndsItAndStaysForWhoLooks) {
  Desk desk(http("401 Unauthorized", "{}"));
  std::ofstream(desk.state + "/enroll.toml") << "x";
  const auto made = desk.enrol(desk.source());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(made.error().message, HasSubstr("can't enrol with here: the collector refuses the token"));
  EXPECT_TRUE(std::filesystem::exists(desk.state + "/enroll.toml"));
  EXPECT_FALSE(std::filesystem::exists(desk.state + "/agent.toml"));
}

TEST(FirstEnrolment, WhatCannotWorkIsSaidBeforeAnythingIsAsked) {
  Desk desk;
  const auto words = [&](auto change) {
    auto source = desk.source();
    change(source);
    const auto made = desk.enrol(source);
    return made ? std::string() : made.error().message;
  };
  EXPECT_THAT(words([](auto& s) { s.ca_pin = "sha256:12"; }), HasSubstr("is no pin"));
  EXPECT_THAT(words([](auto& s) { s.urls = {"https://h:0"}; }), HasSubstr("the port isn't a number"));
  EXPECT_THAT(words([](auto& s) { s.token_file = "/no/such/token"; }),
              HasSubstr("token_file /no/such/token can't be read"));
  EXPECT_THAT(words([](auto& s) { s.token_file = "/dev/null"; }), HasSubstr("is no regular file"));
  EXPECT_EQ(desk.collector.seen().connections, 0);
}

/// `vedette-agent unenroll` with an identity of this desk. Its exit code.
int unenrol(const Desk& desk, const std::string& url, const char* option = "state", const std::string& value = "") {
  std::ofstream(desk.state + "/agent.toml") << "url = \"" << url << "\"\npin = \"" << pin_text(desk.authority)
                                            << "\"\nhost_id = \"" << kId << "\"\nkey = \"s3cret\"\nhostname = \"\"\n";
  std::filesystem::create_directories(desk.state + "/spool");
  std::ofstream(desk.state + "/spool/segment") << "x";
  return run_unenroll(
      {.name = "unenroll", .argument = {}, .more = {}, .options = {{"state", desk.state}, {option, value}}});
}

TEST(Unenrol, TellsTheCollectorByTheKeyAndRemovesEverything) {
  const Desk desk("HTTP/1.1 204 No Content\r\n\r\n");
  testing::internal::CaptureStdout();
  EXPECT_EQ(unenrol(desk, desk.url()), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr(std::string("has revoked host ") + kId));
  EXPECT_TRUE(std::filesystem::is_empty(desk.state));
  ASSERT_EQ(desk.collector.seen().requests.size(), 1U);
  EXPECT_THAT(desk.collector.seen().requests[0], HasSubstr("DELETE /api/v1/agent/enroll HTTP/1.1\r\n"));
  EXPECT_THAT(desk.collector.seen().requests[0], HasSubstr("Authorization: Bearer s3cret\r\n"));
}

TEST(Unenrol, WorksWithoutACollectorAndSaysWhatIsLeftToDoThere) {
  const Desk desk;
  testing::internal::CaptureStderr();
  EXPECT_EQ(unenrol(desk, "https://127.0.0.1:1"), 0);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(std::string("vedette-server hosts revoke ") + kId));
  EXPECT_TRUE(std::filesystem::is_empty(desk.state));
}

TEST(Unenrol, AProxysRefusalIsNoneOfTheCollectors) {
  const Desk desk;
  const link::TestProxy proxy("HTTP/1.1 407 Who\r\n\r\n");
  const std::string file = desk.folder / "config.toml";
  std::ofstream(file) << "proxy = \"" << proxy.url() << "\"\n";
  testing::internal::CaptureStderr();
  EXPECT_EQ(unenrol(desk, desk.url(), "config", file), 0);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("couldn't be told: the proxy"));
}

TEST(Unenrol, OfflineAsksNobody) {
  const Desk desk("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(unenrol(desk, desk.url(), "offline"), 0);
  EXPECT_EQ(desk.collector.seen().connections, 0);
  EXPECT_TRUE(std::filesystem::is_empty(desk.state));
}

TEST(Unenrol, AKeyThatNobodyKnowsAnyMoreIsRemovedToo) {
  const Desk desk(http("403 Forbidden", "{}"));
  testing::internal::CaptureStdout();
  EXPECT_EQ(unenrol(desk, desk.url()), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("nothing is left to revoke there"));
  EXPECT_TRUE(std::filesystem::is_empty(desk.state));
}

}  // namespace
}  // namespace vedette::app
