// Mail servers that lie, dawdle or hang.
#include <gtest/gtest.h>

#include <csignal>

#include "server/notify/smtp.h"
#include "tests/server/notify/make.h"
#include "tests/server/notify/scripted_peer.h"

namespace vedette::notify {
namespace {

using std::chrono::steady_clock;
using testing::email;
using testing::ScriptedPeer;

TEST(HostilePeer, WhatComesBehindTheAnswerToStartTlsIsNotTakenForAnAnswer) {
  std::string after = "nothing";
  {
    ScriptedPeer peer([&](int connection) {
      ScriptedPeer::say(connection, "220 hello\r\n");
      ScriptedPeer::hear(connection);
      ScriptedPeer::say(connection, "250-hello\r\n250 STARTTLS\r\n");
      EXPECT_EQ(ScriptedPeer::hear(connection), "STARTTLS\r\n");
      ScriptedPeer::say(connection, "220 go on\r\n250 AUTH PLAIN\r\n");
      after = ScriptedPeer::hear(connection);
    });
    const auto answer = send_mail(email(peer.server()), "Subject: x\r\n\r\nx\r\n", {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, units::ErrorCode::unavailable);
    EXPECT_NE(answer.error().message.find("more behind its answer to STARTTLS"), std::string::npos)
        << answer.error().message;
  }
  EXPECT_EQ(after, "") << "it went on talking";
}

TEST(HostilePeer, BytesNowAndThenDoNotPutOffTheDeadline) {
  std::signal(SIGPIPE, SIG_IGN);
  ScriptedPeer peer([](int connection) {
    pollfd gone{connection, POLLIN | POLLRDHUP, 0};
    while (::poll(&gone, 1, 20) == 0) ScriptedPeer::say(connection, "2");
  });
  const auto began = steady_clock::now();
  const auto answer = send_mail(email(peer.server()), "x", {}, units::Milliseconds{300});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, units::ErrorCode::timeout) << answer.error().message;
  EXPECT_GE(steady_clock::now() - began, std::chrono::milliseconds(300));
  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(HostilePeer, AnAnswerOfAnotherProtocolIsSaidInWords) {
  ScriptedPeer peer([](int connection) {
    ScriptedPeer::say(connection, "SSH-2.0-OpenSSH_9.2\r\n");
    ScriptedPeer::hear(connection);
  });
  const auto answer = send_mail(email(peer.server()), "x", {});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("is no answer of SMTP"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace vedette::notify
