#include "server/access/logins.h"

#include <gtest/gtest.h>

#include "server/sqlite/database.h"
#include "tests/logged.h"
#include "tests/server/access/bench.h"

namespace vedette::access {
namespace {

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
  EXPECT_EQ(person->expires, bench.clock.wall + kLoginLifetime);
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
  EXPECT_EQ(bench.desk.paused(), 1u);
  bench.clock.monotonic += std::chrono::seconds(30);
  EXPECT_TRUE(bench.log_in("ann", "correct horse"));
}

TEST(LoginDesk, CountsNoTryThatItWasTooBusyToJudge) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  std::atomic<int> busy = 0;
  const auto note = [&](const domain::LoginAnswer& answer) {
    if (!answer && answer.error().why == domain::LoginRefusal::Why::busy) ++busy;
  };
  for (int i = 0; i < 200; ++i) bench.desk.log_in("bob", "wrong horse", "192.0.2." + std::to_string(i) + ":1", note);
  for (int i = 0; i < 5; ++i) bench.desk.log_in("ann", "correct horse", "198.51.100.1:1", note);
  ASSERT_GT(busy, 5) << "the bench kept up: this test says nothing";
  bench.desk.stop();
  const auto answer = bench.log_in("ann", "correct horse", "198.51.100.1:1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().why, domain::LoginRefusal::Why::busy) << answer.error().words;
}

TEST(Gate, KnowsALoginOfACollectorBelowAPathByItsOwnCookie) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  const auto grant = bench.log_in("ann", "correct horse");
  Gate below({{}, {"/vedette/"}}, *bench.store, bench.logins, bench.clock);
  EXPECT_TRUE(below.person(Bench::with("cookie", "__Secure-sid=" + grant->secret)));
  EXPECT_FALSE(below.person(Bench::with("cookie", "__Host-sid=" + grant->secret)));
}

TEST(Gate, FindsTheLoginBehindCookiesOfTheSameNameThatOthersSet) {
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  const auto grant = bench.log_in("ann", "correct horse");
  const auto among = [&](int others) {
    std::string cookies;
    for (int n = 0; n < others; ++n) cookies += "__Host-sid=of-a-neighbour; ";
    return bench.gate.person(Bench::with("cookie", cookies + "x=y; __Host-sid=" + grant->secret));
  };
  EXPECT_TRUE(among(1));
  EXPECT_TRUE(among(3));
  EXPECT_EQ(among(4).error().message, "This login has ended; sign in again.") << "each costs a look into the store";
  EXPECT_EQ(bench.gate.person(Bench::with("cookie", "__Host-sid=; x=y")).error().message, "Nobody is signed in.");
}

TEST(Gate, RefusesARequestWithTwoOrigins) {
  Bench bench;
  auto head = Bench::with("host", "here");
  head.headers.emplace_back("origin", "https://here");
  EXPECT_TRUE(bench.gate.origin(head));
  head.headers.emplace_back("origin", "https://evil");
  EXPECT_EQ(bench.gate.origin(head).error().code, units::ErrorCode::forbidden);
}

TEST(LoginDesk, LogsAFloodOfRefusalsInOneLineAMinute) {
  tests::Logged log;
  Bench bench;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(bench.log_in("ann", "wrong horse"));
  ASSERT_EQ(log.with("login refused").size(), 1u);
  EXPECT_NE(log.with("login refused")[0].find("peer=192.0.2.7:1"), std::string::npos);
  bench.clock.monotonic += std::chrono::seconds(60);
  EXPECT_FALSE(bench.log_in("ann", "wrong horse"));
  EXPECT_NE(log.with("login refused").at(1).find("refused=100"), std::string::npos);
}

TEST(LoginDesk, TellsAFaultOfTheStoreAfterARightPasswordAsOne) {
  tests::Logged log;
  Bench bench;
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::viewer, "correct horse"));
  // From the moment the login is stored, ann can't be read any more, nor the login be removed.
  auto database = sqlite::Database::open(bench.directory / "control.db");
  ASSERT_TRUE(
      database->execute("CREATE TRIGGER spoil AFTER INSERT ON login BEGIN UPDATE user SET role = 'king'; END;"
                        "CREATE TRIGGER keep BEFORE DELETE ON login BEGIN SELECT RAISE(FAIL, 'kept'); END"));
  const auto answer = bench.log_in("ann", "correct horse");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().why, domain::LoginRefusal::Why::failed);
  EXPECT_EQ(answer.error().words, "The collector failed to answer; its log says why.");
  ASSERT_EQ(log.with("msg=\"login failed\"").size(), 1u);
  EXPECT_NE(log.with("msg=\"login failed\"")[0].find("king"), std::string::npos);
  ASSERT_EQ(log.with("a login that was not granted can't be removed").size(), 1u);
  EXPECT_TRUE(log.with("login refused").empty());
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

TEST(Secrets, AreLongAndFitUrlsAndDiffer) {
  EXPECT_EQ(random_secret().size(), 43u);
  EXPECT_NE(random_secret(), random_secret());
  EXPECT_EQ(random_secret().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

}  // namespace
}  // namespace vedette::access
