#include "agent/link/enroll.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "agent/app/run.h"
#include "agent/config/config.h"
#include "tests/agent/link/test_collector.h"
#include "tests/temporary_directory.h"

namespace vedette::link {
namespace {

using testing::HasSubstr;
using units::ErrorCode;

constexpr const char* kId = "0123456789abcdef0123456789abcdef";

std::string http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

/// A collector that answers everything with these bytes.
struct Desk {
  explicit Desk(const std::string& answer)
      : collector(authority, make_server(authority, "IP:127.0.0.1"), {.answer = answer}) {}
  std::expected<Enrolment, EnrolFailure> enrol(const std::string& token = "the-token") {
    return enroll(std::vector{CollectorAddress{"127.0.0.1", collector.port()}}, reach(), token, "web \"1\"");
  }
  [[nodiscard]] Reach reach() const { return {.pin = parse_pin(pin_text(authority)).value()}; }
  Signed authority = make_authority();
  TestCollector collector;
};

TEST(Enroll, ATokenBecomesAKey) {
  Desk desk(http("201 Created", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})"));
  const auto enrolment = desk.enrol();
  ASSERT_TRUE(enrolment) << enrolment.error().message;
  EXPECT_EQ(enrolment->host_id, kId);
  EXPECT_EQ(enrolment->key, "s3cret");
  const Seen seen = desk.collector.seen();
  ASSERT_EQ(seen.requests.size(), 1U);
  EXPECT_THAT(seen.requests[0], HasSubstr("POST /api/v1/agent/enroll HTTP/1.1\r\n"));
}

TEST(Enroll, ARefusedTokenSaysWhereANewOneComesFrom) {
  Desk desk(http("401 Unauthorized", R"({"detail":"no"})"));
  const auto enrolment = desk.enrol("the-secret-token");
  ASSERT_FALSE(enrolment);
  EXPECT_EQ(enrolment.error().code, ErrorCode::unauthorized);
  EXPECT_THAT(enrolment.error().message, HasSubstr("vedette-server token create"));
  EXPECT_THAT(enrolment.error().message, testing::Not(HasSubstr("the-secret-token")));
}

TEST(Enroll, ABusyCollectorIsNoFaultOfTheToken) {
  for (const char* status : {"429 Too Many Requests", "503 Service Unavailable"}) {
    Desk desk(http(status, R"({"detail":"too many attempts; wait a minute"})"));
    const auto enrolment = desk.enrol();
    ASSERT_FALSE(enrolment) << status;
    EXPECT_EQ(enrolment.error().code, ErrorCode::unavailable) << status;
    EXPECT_THAT(enrolment.error().message, HasSubstr(std::string(status).substr(0, 3)));
    EXPECT_THAT(enrolment.error().message, HasSubstr("wait a minute"));
  }
}

TEST(Enroll, RefusesAnAnswerThatNoCollectorGives) {
  const std::string id = std::string(R"("host_id":")") + kId + '"';
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("{"), std::string("[]"), "{" + id + "}",
        "{" + id + R"(,"key":""})", "{" + id + R"(,"key":7})", "{" + id + R"(,"key":"a b"})",
        "{" + id + R"(,"key":"a\nb"})", "{" + id + R"(,"key":")" + std::string(2000, 'k') + R"("})",
        std::string(R"({"host_id":"../../etc","key":"k"})")}) {
    Desk desk(http("200 OK", body));
    const auto enrolment = desk.enrol();
    ASSERT_FALSE(enrolment) << body;
    EXPECT_EQ(enrolment.error().code, ErrorCode::invalid) << body;
    EXPECT_THAT(enrolment.error().message, HasSubstr("is this a Vedette collector?")) << body;
  }
}

TEST(Enroll, TakesAnAnswerThatAProxyCutIntoChunks) {
  const std::string first = std::string(R"({"host_id":")") + kId, second = R"(","key":"s3cret"})";
  Desk desk("HTTP/1.1 201 Created\r\nVia: 1.1 a\r\nVia: 1.1 b\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n" + first +
            "\r\n11\r\n" + second + "\r\n0\r\n\r\n");
  const auto enrolment = desk.enrol();
  ASSERT_TRUE(enrolment) << enrolment.error().message;
  EXPECT_EQ(enrolment->host_id, kId);
  EXPECT_EQ(enrolment->key, "s3cret");
}

TEST(Enroll, RefusesAHugeAnswerInChunksToo) {
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 200; ++i) answer += "400\r\n" + std::string(1024, ' ') + "\r\n";
  Desk desk(answer + "0\r\n\r\n");
  EXPECT_EQ(desk.enrol().error().code, ErrorCode::too_large);
}

TEST(Enroll, RefusesAHugeAnswer) {
  Desk desk(http("200 OK", std::string(200'000, ' ')));
  const auto enrolment = desk.enrol();
  ASSERT_FALSE(enrolment);
  EXPECT_EQ(enrolment.error().code, ErrorCode::too_large);
}

TEST(Enroll, AnAnswerThatIsCutShortIsNoEnrolment) {
  const std::string body = std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})";
  Desk desk("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + body);
  const auto enrolment = desk.enrol();
  ASSERT_FALSE(enrolment);
  EXPECT_EQ(enrolment.error().code, ErrorCode::unavailable);
}

TEST(Enroll, AnotherCollectorsCertificateIsRefusedBeforeTheTokenIsSent) {
  Desk desk(http("200 OK", "{}"));
  const auto pin = parse_pin(pin_text(make_authority("Another CA"))).value();
  const auto enrolment =
      enroll(std::vector{CollectorAddress{"127.0.0.1", desk.collector.port()}}, Reach{.pin = pin}, "t", "h");
  ASSERT_FALSE(enrolment);
  EXPECT_EQ(enrolment.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(desk.collector.seen().requests.empty());
}

/// `vedette-agent enroll` against this desk with these options too. Its exit code.
int run_enroll(const Desk& desk, std::map<std::string, std::string> options) {
  options.insert({{"token", "t"}, {"ca-pin", pin_text(desk.authority)}});
  return app::run_enroll({.name = "enroll",
                          .argument = "https://127.0.0.1:" + std::to_string(desk.collector.port()),
                          .more = {},
                          .options = std::move(options)});
}
int run_enroll(const Desk& desk, const std::string& state) {
  return run_enroll(desk, {{"state", state}});
}

TEST(EnrollCommand, StoresWhatTheTokenBecame) {
  const tests::TemporaryDirectory folder;
  const Desk desk(http("201 Created", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})"));
  EXPECT_EQ(run_enroll(desk, folder / "state"), 0);
  const auto identity = config::load_identity(folder / "state");
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->host_id, kId);
  EXPECT_EQ(identity->key, "s3cret");
}

TEST(EnrollCommand, TheConfigurationSaysWhereUnlessTheCommandDoes) {
  const tests::TemporaryDirectory folder;
  const std::string configured = folder / "configured", named = folder / "named", file = folder / "agent.toml";
  std::ofstream(file) << "state = \"" << configured << "\"\n";
  const Desk desk(http("201 Created", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})"));
  EXPECT_EQ(run_enroll(desk, {{"config", file}, {"state", named}}), 0);
  EXPECT_TRUE(config::load_identity(named).has_value());
  EXPECT_FALSE(std::filesystem::exists(configured));
  EXPECT_EQ(run_enroll(desk, {{"config", file}}), 0);
  EXPECT_TRUE(config::load_identity(configured).has_value());
}

TEST(EnrollCommand, DoesNotSpendTheTokenUnderAConfigurationThatRunRefuses) {
  const tests::TemporaryDirectory folder;
  std::ofstream(folder / "agent.toml") << "stat = \"/srv/x\"\n";
  const Desk desk(http("201 Created", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})"));
  for (const std::string file : {folder / "agent.toml", folder / "missing.toml"}) {
    EXPECT_EQ(run_enroll(desk, {{"config", file}, {"state", folder / "state"}}), app::kConfigError) << file;
  }
  EXPECT_EQ(desk.collector.seen().connections, 0);
}

TEST(EnrollCommand, DoesNotSpendTheTokenWhereItsKeyCannotBeStored) {
  const Desk desk(http("201 Created", std::string(R"({"host_id":")") + kId + R"(","key":"s3cret"})"));
  for (const char* state : {"/proc/self", "/dev/null/state"}) EXPECT_EQ(run_enroll(desk, state), 1) << state;
  EXPECT_EQ(desk.collector.seen().connections, 0);
}

TEST(EnrollCommand, ATokenThatIsRefusedLeavesNothingBehind) {
  const tests::TemporaryDirectory folder;
  const Desk desk(http("401 Unauthorized", "{}"));
  EXPECT_EQ(run_enroll(desk, folder / "state"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace vedette::link
