// Mails to several people, of whom some take them and others don't.
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "server/notify/lane.h"
#include "tests/server/notify/fakes.h"
#include "tests/server/notify/scripted_peer.h"

namespace vedette::notify {
namespace {

using testing::back;
using testing::email;
using testing::killed;
using testing::ScriptedPeer;
using Strings = std::vector<std::string>;

const std::string kOps = "ops@example.org", kSecond = "second@example.org";

/// A server that answers RCPT as `answers` say, "250 OK" to others, and notes who was asked.
struct Server {
  std::map<std::string, std::string> answers;
  Strings asked;
  bool got_data = false;

  void talk(int connection) {
    ScriptedPeer::say(connection, "220 hello\r\n");
    for (std::string line = ScriptedPeer::hear(connection); !line.empty(); line = ScriptedPeer::hear(connection)) {
      if (line.starts_with("RCPT")) {
        asked.push_back(line.substr(9, line.find('>') - 9));
        const auto answer = answers.find(asked.back());
        ScriptedPeer::say(connection, (answer == answers.end() ? "250 OK" : answer->second) + "\r\n");
      } else if (line == "DATA\r\n") {
        ScriptedPeer::say(connection, "354 go on\r\n");
        while (ScriptedPeer::hear(connection) != ".\r\n") continue;
        got_data = true;
        ScriptedPeer::say(connection, "250 kept\r\n");
      } else if (line != "QUIT\r\n") {
        ScriptedPeer::say(connection, "250 OK\r\n");
      }
    }
  }
  /// One conversation about `delivery`; everything in this object is settled when it returns.
  units::Result<Outcome> take(const domain::Delivery& delivery) {
    std::signal(SIGPIPE, SIG_IGN);
    ScriptedPeer peer([this](int connection) { talk(connection); });
    Email to = email(peer.server());
    to.starttls = StartTls::off;
    return send_over_network("")({"ops", to}, delivery, {});
  }
};

TEST(Recipients, OneThatIsPutOffIsToldApartFromOneThatIsRefused) {
  Server server;
  server.answers = {{kOps, "450 4.2.0 greylisted"}};
  const auto put_off = server.take(killed());
  ASSERT_TRUE(put_off) << put_off.error().message;
  EXPECT_TRUE(server.got_data);
  EXPECT_EQ(put_off->answer, "250 kept");
  EXPECT_EQ(put_off->taken, Strings{kSecond});
  ASSERT_EQ(put_off->later.size(), 1u);
  EXPECT_EQ(put_off->later[0].address, kOps);
  EXPECT_EQ(words(*put_off), "250 kept; not yet: ops@example.org (450 4.2.0 greylisted)");
  server.answers = {{kOps, "550 5.1.1 no such mailbox"}};
  const auto refused = server.take(killed());
  ASSERT_TRUE(refused);
  ASSERT_EQ(refused->refused.size(), 1u);
  EXPECT_TRUE(refused->later.empty());
}

TEST(Recipients, NoMailIsSentWhenAllArePutOff) {
  Server server;
  server.answers = {{kOps, "450 later"}, {kSecond, "550 never"}};
  const auto outcome = server.take(killed());
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_FALSE(server.got_data);
  EXPECT_TRUE(outcome->taken.empty());
  EXPECT_EQ(outcome->later.size(), 1u);
  EXPECT_EQ(outcome->refused.size(), 1u);
}

TEST(Recipients, WhenAllRefuseTheMailFailedAndWordsNameThem) {
  Server server;
  server.answers = {{kOps, "550 never"}, {kSecond, "554 nor I"}};
  const auto outcome = server.take(killed());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, units::ErrorCode::invalid);
  EXPECT_NE(outcome.error().message.find("second@example.org (554 nor I)"), std::string::npos);
}

TEST(Recipients, WhoHasItIsNotAskedAgainButStaysInTheMailsTo) {
  Server server;
  domain::Delivery delivery = killed();
  delivery.settled = {kSecond};
  const auto outcome = server.take(delivery);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(server.asked, Strings{kOps});
}

/// A lane whose far end takes mails for all but `busy` and `unknown`.
struct World {
  testing::Outbox outbox;
  testing::Clock clock;
  std::set<std::string> busy, unknown;
  Strings got;  ///< "<message-id> address"

  Lane lane() {
    Email to = email("smtp://mail:25");
    return {Receiver{"ops", to}, outbox, clock,
            [this, to](const Receiver&, const domain::Delivery& delivery,
                       const std::stop_token&) -> units::Result<Outcome> {
              Outcome outcome{"250 OK"};
              for (const auto& one : to.to) {
                if (std::ranges::find(delivery.settled, one) != delivery.settled.end()) continue;
                if (busy.contains(one)) {
                  outcome.later.push_back({one, "450"});
                } else if (unknown.contains(one)) {
                  outcome.refused.push_back({one, "550"});
                } else {
                  outcome.taken.push_back(one);
                  got.push_back(delivery.message_id + " " + one);
                }
              }
              return outcome;
            }};
  }
  void run(Lane& lane, std::int64_t seconds) {
    for (const std::int64_t end = clock.seconds + seconds; clock.seconds < end; ++clock.seconds) lane.round({});
  }
};

TEST(Recipients, OnlyTheOnePutOffIsTriedAgainAfterARestartToo) {
  World world;
  world.outbox.rows = {killed()};
  world.busy = {kOps};
  {
    Lane lane = world.lane();
    world.run(lane, 20);
    EXPECT_EQ(world.got, Strings{"<7.fired@vedette> " + kSecond});
    ASSERT_EQ(world.outbox.rows.size(), 1u);
    EXPECT_EQ(world.outbox.rows[0].settled, Strings{kSecond});
  }
  world.busy.clear();
  Lane lane = world.lane();
  lane.round({});
  EXPECT_EQ(world.got, (Strings{"<7.fired@vedette> " + kSecond, "<7.fired@vedette> " + kOps}));
  EXPECT_TRUE(world.outbox.rows.empty());
}

TEST(Recipients, WhoHasItGetsItOnceThoughTheDiskFails) {
  World world;
  world.outbox.rows = {killed()};
  world.busy = {kOps};
  world.outbox.broken = true;
  Lane lane = world.lane();
  world.run(lane, 60);
  EXPECT_EQ(world.got.size(), 1u);
  world.outbox.broken = false;
  world.run(lane, 60);
  EXPECT_EQ(world.got.size(), 1u);
  EXPECT_EQ(world.outbox.rows[0].settled, Strings{kSecond});
}

TEST(Recipients, AFullMailboxDoesNotKeepTheResolvedFromTheOthers) {
  World world;
  world.outbox.rows = {killed(1, 7), back(2, 7, 10)};
  world.busy = {kOps};
  Lane lane = world.lane();
  world.run(lane, 30);
  EXPECT_EQ(world.got, (Strings{"<7.fired@vedette> " + kSecond, "<7.resolved@vedette> " + kSecond}));
  world.busy.clear();
  world.run(lane, 300);
  ASSERT_EQ(world.got.size(), 4u);
  EXPECT_EQ(world.got[2], "<7.fired@vedette> " + kOps);
  EXPECT_EQ(world.got[3], "<7.resolved@vedette> " + kOps);
  EXPECT_TRUE(world.outbox.rows.empty());
}

TEST(Recipients, OneThatIsRefusedForGoodIsNotTriedAgain) {
  World world;
  world.outbox.rows = {killed()};
  world.unknown = {kOps};
  Lane lane = world.lane();
  world.run(lane, 10);
  EXPECT_TRUE(world.outbox.rows.empty());
  EXPECT_EQ(world.outbox.done[1], "250 OK; refused: ops@example.org (550)");
}

}  // namespace
}  // namespace vedette::notify
