#include "server/access/logins.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

#include "server/access/enrolment.h"
#include "server/access/gate.h"
#include "server/access/secrets.h"
#include "server/control/store.h"
#include "tests/temporary_directory.h"

namespace vedette::access {
namespace {

struct FakeClock final : domain::Clock {
  units::Instant wall = units::from_unix_ms(1'795'000'000'000);
  units::Steady monotonic{std::chrono::hours(1)};
  units::Instant now() const override { return wall; }
  units::Steady steady() const override { return monotonic; }
};

struct Revocations final : domain::RevocationObserver {
  std::set<domain::Digest> ended;
  void on_host_revoked(domain::HostNumber) override {}
  void on_login_ended(const domain::Digest& sid) override { ended.insert(sid); }
};

struct Bench {
  tests::TemporaryDirectory directory;
  std::unique_ptr<control::Store> store = std::move(*control::Store::open(directory / "control.db"));
  FakeClock clock;
  Revocations revocations;
  LoginDesk desk{*store, clock, revocations, "vedette-server user add admin"};
  Gate gate{{{"https://mon.example.org"}}, *store, clock};

  domain::LoginAnswer log_in(const std::string& user, const std::string& password,
                             const std::string& peer = "192.0.2.7:1") {
    std::promise<domain::LoginAnswer> answer;
    desk.log_in(user, password, peer, [&](domain::LoginAnswer a) { answer.set_value(std::move(a)); });
    return answer.get_future().get();
  }
  static domain::RequestHead with(const std::string& name, const std::string& value) {
    domain::RequestHead head;
    head.headers.emplace_back(name, value);
    return head;
  }
};

TEST(LoginDesk, GrantsASecretThatTheGateKnows) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::operator_, "correct horse"));
  const auto grant = bench.log_in("ann", "correct horse");
  ASSERT_TRUE(grant);
  auto head = Bench::with("cookie", "__Host-sid=" + grant->secret);
  const auto person = bench.gate.person(head);
  ASSERT_TRUE(person) << person.error().message;
  EXPECT_EQ(person->name, "ann");
  EXPECT_EQ(person->role, domain::AccessRole::operator_);
  EXPECT_FALSE(bench.store->login(grant->secret)->has_value());  // only the digest is stored
  head.secure = false;
  EXPECT_FALSE(bench.gate.person(head));  // over plain HTTP the cookie has another name
}

TEST(LoginDesk, LoginsExpire) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  const auto head = Bench::with("cookie", "__Host-sid=" + bench.log_in("ann", "correct horse")->secret);
  bench.clock.wall += kLoginLifetime - std::chrono::seconds(1);
  EXPECT_TRUE(bench.gate.person(head));
  bench.clock.wall += std::chrono::seconds(1);
  EXPECT_EQ(bench.gate.person(head).error().code, units::ErrorCode::unauthorized);
}

TEST(LoginDesk, SigningOutEndsTheLoginAndTellsThoseWhoLeanOnIt) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  const auto grant = bench.log_in("ann", "correct horse");
  ASSERT_TRUE(bench.desk.log_out(grant->person));
  EXPECT_TRUE(bench.revocations.ended.contains(grant->person.sid));
  EXPECT_FALSE(bench.gate.person(Bench::with("cookie", "__Host-sid=" + grant->secret)));
}

TEST(LoginDesk, SaysTheSameForAWrongUserAndAWrongPassword) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  const auto password = bench.log_in("ann", "wrong horse", "192.0.2.1:1");
  const auto user = bench.log_in("bob", "wrong horse", "192.0.2.2:1");
  ASSERT_FALSE(password);
  ASSERT_FALSE(user);
  EXPECT_EQ(password.error().words, "User or password is wrong. 4 tries left before a pause of 30 s.");
  EXPECT_EQ(user.error().words, password.error().words);
}

TEST(LoginDesk, PausesAfterFiveWrongTriesEvenForTheRightPassword) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(bench.log_in("ann", "wrong horse"));
  const auto paused = bench.log_in("ann", "correct horse");
  ASSERT_FALSE(paused);
  EXPECT_EQ(paused.error().why, domain::LoginRefusal::Why::paused);
  EXPECT_EQ(paused.error().retry_after, std::chrono::seconds(30));
  bench.clock.monotonic += std::chrono::seconds(30);
  EXPECT_TRUE(bench.log_in("ann", "correct horse"));
}

TEST(LoginDesk, ShowsHowToMakeTheFirstUserOnlyWhileThereIsNone) {
  Bench bench;
  EXPECT_EQ(bench.desk.setup_command(), "vedette-server user add admin");
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  EXPECT_EQ(bench.desk.setup_command(), "");
}

TEST(AddUser, RefusesShortPasswordsAndOddNames) {
  Bench bench;
  const auto role = domain::AccessRole::viewer;
  EXPECT_FALSE(add_user(*bench.store, "ann", role, "short"));
  EXPECT_FALSE(add_user(*bench.store, "", role, "correct horse"));
  EXPECT_FALSE(add_user(*bench.store, "a\nb", role, "correct horse"));
  EXPECT_EQ(*bench.store->user_count(), 0u);
}

TEST(Enrolment, TradesATokenForAKeyThatTheGateKnows) {
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now());
  ASSERT_TRUE(token);
  const auto enrolled = desk.enrol(*token, "web");
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  const auto head = Bench::with("authorization", "Bearer " + enrolled->key);
  EXPECT_EQ(bench.gate.host(head)->id, enrolled->host);
  ASSERT_TRUE(bench.store->revoke("web"));
  EXPECT_EQ(bench.gate.host(head).error().code, units::ErrorCode::forbidden);
  EXPECT_EQ(bench.gate.host(Bench::with("authorization", "Bearer nonsense")).error().code,
            units::ErrorCode::unauthorized);
  EXPECT_EQ(bench.gate.host({}).error().code, units::ErrorCode::unauthorized);
  EXPECT_EQ(desk.enrol(*token, "web").error().code, units::ErrorCode::unauthorized);
}

TEST(Enrolment, RefusesBoundsAndNamesThatMakeNoSense) {
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  EXPECT_FALSE(create_token(*bench.store, 0, std::chrono::hours(1), bench.clock.now()));
  EXPECT_FALSE(create_token(*bench.store, 1, std::chrono::hours(0), bench.clock.now()));
  EXPECT_FALSE(create_token(*bench.store, 1, std::chrono::hours(24 * 400), bench.clock.now()));
  for (const char* name : {"", "a b", "a\nb", "<b>"})
    EXPECT_EQ(desk.enrol("x", name).error().code, units::ErrorCode::invalid);
}

TEST(Secrets, AreLongAndFitUrlsAndDiffer) {
  EXPECT_EQ(random_secret().size(), 43u);
  EXPECT_NE(random_secret(), random_secret());
  EXPECT_EQ(random_secret().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

}  // namespace
}  // namespace vedette::access
