// Deliveries to real servers: aiosmtpd and Python's http.server, with certificates made for the test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "server/notify/deliverer.h"
#include "server/notify/lane.h"
#include "tests/server/notify/fakes.h"
#include "tests/temporary_directory.h"

namespace vedette::notify {
namespace {

using testing::email;
using testing::killed;

/// tests/server/notify/peer.py, running until the object ends.
class FarServer {
 public:
  FarServer(const std::string& kind, const std::string& folder, const std::string& certificate = "", int port = 0) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
    std::vector<std::string> words{"/usr/bin/python3", VEDETTE_SOURCE_DIR "/tests/server/notify/peer.py", kind,
                                   std::to_string(port), folder};
    if (!certificate.empty()) words.insert(words.end(), {certificate + ".crt", certificate + ".key"});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
      ::dup2(pipe[1], 1);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    std::string text;
    for (char c = 0; ::read(pipe[0], &c, 1) == 1 && c != '\n';) text += c;
    ::close(pipe[0]);
    port_ = std::atoi(text.c_str());
    EXPECT_GT(port_, 0) << kind << " didn't start";
  }
  FarServer(const FarServer&) = delete;
  FarServer& operator=(const FarServer&) = delete;
  ~FarServer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  pid_t process_ = 0;
  int port_ = 0;
};

/// A self-signed certificate NAME.crt and NAME.key for `subject` ("IP:127.0.0.1").
std::string make_certificate(const tests::TemporaryDirectory& directory, const std::string& name,
                             const std::string& subject) {
  const std::string path = (directory / name).string();
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 "
      "-addext subjectAltName=" +
      subject + " -keyout " + path + ".key -out " + path + ".crt 2>/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  return path;
}

struct World {
  World() { std::signal(SIGPIPE, SIG_IGN); }

  tests::TemporaryDirectory directory;
  std::string folder = (directory / "kept").string();
  std::string good = make_certificate(directory, "good", "IP:127.0.0.1");
  std::string other = make_certificate(directory, "other", "DNS:elsewhere.example.org,IP:127.0.0.2");

  [[nodiscard]] std::vector<std::string> kept() const {
    std::vector<std::string> all;
    if (!std::filesystem::exists(folder)) return all;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().filename().string().starts_with('.')) continue;
      std::ostringstream text;
      text << std::ifstream(file.path()).rdbuf();
      all.push_back(text.str());
    }
    return all;
  }
  [[nodiscard]] Receiver mail(const std::string& scheme, const FarServer& server, const std::string& ca) const {
    Email to = email(scheme + "://127.0.0.1:" + std::to_string(server.port()));
    to.ca_file = ca + ".crt";
    return {"ops", to};
  }
  [[nodiscard]] static Receiver hook(const std::string& scheme, const FarServer& server, const std::string& path,
                                     const std::string& ca = "") {
    return {"hook",
            Webhook{scheme + "://127.0.0.1:" + std::to_string(server.port()) + path, ca.empty() ? "" : ca + ".crt"}};
  }
  void password(Receiver& receiver, const std::string& secret) const {
    std::ofstream(directory / "password") << secret << "\n";
    auto& to = std::get<Email>(receiver.way);
    to.user = "vedette";
    to.password_file = (directory / "password").string();
  }
  static units::Result<std::string> send(const Receiver& receiver) {
    const auto outcome = send_over_network("https://192.0.2.1:8443")(receiver, killed(), {});
    if (!outcome) return std::unexpected(outcome.error());
    return words(*outcome);
  }
  /// Refused before a message went over, with these words.
  void expect_refused(const Receiver& receiver, const std::string& words) const {
    const auto answer = send(receiver);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message.find(words), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().code, units::ErrorCode::unavailable);
    EXPECT_TRUE(kept().empty());
  }
};

TEST(Mail, GoesThroughStartTlsAndTheAnswerComesBack) {
  const World world;
  const FarServer server("smtp", world.folder, world.good);
  EXPECT_EQ(test(world.mail("smtp", server, world.good)).value_or("failed"), "250 2.0.0 OK kept");
  ASSERT_EQ(world.kept().size(), 1u);
  EXPECT_NE(world.kept()[0].find("nothing is wrong"), std::string::npos);
}

TEST(Mail, GoesThroughTlsFromTheFirstByteWithALogin) {
  const World world;
  const FarServer server("smtps", world.folder, world.good);
  Receiver receiver = world.mail("smtps", server, world.good);
  world.password(receiver, "secret phrase");
  EXPECT_EQ(World::send(receiver).value_or("failed"), "250 2.0.0 OK kept");
  ASSERT_EQ(world.kept().size(), 1u);
  EXPECT_NE(world.kept()[0].find("https://192.0.2.1:8443/hosts/00112233445566778899aabbccddeeff"), std::string::npos);
}

TEST(Mail, AWrongPasswordIsSaidWithoutShowingIt) {
  const World world;
  const FarServer server("smtps", world.folder, world.good);
  Receiver receiver = world.mail("smtps", server, world.good);
  world.password(receiver, "wrong phrase");
  const auto answer = World::send(receiver);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("535"), std::string::npos) << answer.error().message;
  EXPECT_EQ(answer.error().message.find("AHZlZ"), std::string::npos) << answer.error().message;
}

TEST(Mail, ACertificateForAnotherNameIsRefused) {
  const World world;
  const FarServer server("smtp", world.folder, world.other);
  world.expect_refused(world.mail("smtp", server, world.other), "IP address mismatch");
}

TEST(Mail, ACertificateForAnotherNameIsRefusedUnderANameToo) {
  const World world;
  const FarServer server("smtps", world.folder, world.other);
  Receiver receiver = world.mail("smtps", server, world.other);
  std::get<Email>(receiver.way).server = "smtps://localhost:" + std::to_string(server.port());
  world.expect_refused(receiver, "ostname mismatch");
}

TEST(Mail, ACertificateOfAnUnknownAuthorityIsRefused) {
  const World world;
  const FarServer server("smtp", world.folder, world.good);
  world.expect_refused(world.mail("smtp", server, world.other), "certificate");
}

TEST(Mail, AServerWithoutStartTlsGetsNothingWhenItIsRequired) {
  const World world;
  const FarServer server("smtp", world.folder);
  Receiver receiver = world.mail("smtp", server, world.good);
  world.expect_refused(receiver, "STARTTLS");
  std::get<Email>(receiver.way).starttls = StartTls::off;
  EXPECT_EQ(World::send(receiver).value_or("failed"), "250 2.0.0 OK kept");
}

TEST(Mail, OneBadRecipientDoesNotKeepItFromTheOthers) {
  const World world;
  const FarServer server("smtp", world.folder, world.good);
  Receiver receiver = world.mail("smtp", server, world.good);
  std::get<Email>(receiver.way).to = {"nobody@example.org", "ops@example.org"};
  const auto answer = World::send(receiver);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "250 2.0.0 OK kept; refused: nobody@example.org (550 5.1.1 no such mailbox)");
  const auto tested = test(receiver);
  ASSERT_FALSE(tested) << "receivers test must not call this well";
  EXPECT_NE(tested.error().message.find("nobody@example.org"), std::string::npos) << tested.error().message;
  std::get<Email>(receiver.way).to = {"nobody@example.org"};
  const auto none = World::send(receiver);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, units::ErrorCode::invalid);
}

TEST(Mail, ServerAwayThenBackGetsItUnderTheSameMessageId) {
  World world;
  int port = 0;
  {
    const FarServer gone("smtp", world.folder, world.good);
    port = gone.port();
  }
  testing::Outbox outbox;
  outbox.rows = {killed()};
  testing::Clock clock;
  clock.seconds = 1;
  Receiver receiver{"ops", email("smtp://127.0.0.1:" + std::to_string(port))};
  std::get<Email>(receiver.way).ca_file = world.good + ".crt";
  Lane lane(receiver, outbox, clock, send_over_network(""));
  lane.round({});
  ASSERT_EQ(outbox.rows.size(), 1u);
  EXPECT_NE(outbox.rows[0].last_answer.find("refused"), std::string::npos) << outbox.rows[0].last_answer;
  const FarServer server("smtp", world.folder, world.good, port);
  clock.seconds = 6;
  lane.round({});
  EXPECT_TRUE(outbox.rows.empty());
  ASSERT_EQ(world.kept().size(), 1u);
  EXPECT_NE(world.kept()[0].find("Message-ID: <7.fired@vedette>\r\n"), std::string::npos);
}

TEST(Hook, GetsJsonOverTls) {
  const World world;
  const FarServer server("https", world.folder, world.good);
  EXPECT_EQ(World::send(World::hook("https", server, "/hook", world.good)).value_or("failed"), "200 OK taken");
  ASSERT_EQ(world.kept().size(), 1u);
  EXPECT_NE(world.kept()[0].find("\"state\":\"firing\""), std::string::npos);
}

TEST(Hook, ACertificateForAnotherNameIsRefused) {
  const World world;
  const FarServer server("https", world.folder, world.other);
  world.expect_refused(World::hook("https", server, "/hook", world.other), "IP address mismatch");
}

TEST(Hook, ARedirectIsNotFollowedAndAFaultIsNotDelivered) {
  const World world;
  const FarServer server("http", world.folder);
  const auto moved = World::send(World::hook("http", server, "/moved"));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, units::ErrorCode::invalid);
  world.expect_refused(World::hook("http", server, "/broken"), "500");
}

}  // namespace
}  // namespace vedette::notify
