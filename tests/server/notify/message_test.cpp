#include "server/notify/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/notify/mime.h"
#include "server/notify/smtp.h"
#include "tests/server/notify/make.h"

namespace vedette::notify {
namespace {

using testing::at;
using testing::email;
using testing::killed;

constexpr std::string_view kVerdict = "connection ended without goodbye: agent killed, or something between cut it";
const std::string kUrl = "https://192.0.2.1:8443";

/// Lines of the head, unfolded.
std::string header_of(const std::string& mail, const std::string& name) {
  const std::string head = "\r\n" + mail.substr(0, mail.find("\r\n\r\n")) + "\r\n";
  std::size_t begin = head.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return "(none)";
  begin += name.size() + 4;
  std::string value;
  for (std::size_t end = head.find("\r\n", begin);; end = head.find("\r\n", begin)) {
    value += head.substr(begin, end - begin);
    begin = end + 2;
    if (begin >= head.size() || (head[begin] != ' ' && head[begin] != '\t')) return value;
  }
}

std::string joined(std::string text) {
  for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n")) text.replace(at, 2, " ");
  return text;
}

TEST(Message, SaysWhatHappenedAndWhereToLook) {
  const std::string mail = notify::mail(killed(), email("smtp://mail:25"), kUrl, at(60));
  EXPECT_EQ(header_of(mail, "Subject"), "[firing] web-07 lost: " + std::string(kVerdict));
  EXPECT_EQ(header_of(mail, "Message-ID"), "<7.fired@vedette>");
  EXPECT_EQ(header_of(mail, "Auto-Submitted"), "auto-generated");
  EXPECT_EQ(header_of(mail, "From"), "Vedette <vedette@example.org>");
  EXPECT_EQ(header_of(mail, "To"), "ops@example.org, second@example.org");
  EXPECT_EQ(header_of(mail, "Date"), "Wed, 18 Nov 2026 11:07:40 +0000");
  EXPECT_NE(joined(mail.substr(mail.find("\r\n\r\n"))).find(kVerdict), std::string::npos) << mail;
  EXPECT_NE(mail.find("\r\nhttps://192.0.2.1:8443/hosts/00112233445566778899aabbccddeeff\r\n"), std::string::npos);
  EXPECT_NE(mail.find("Since: 2026-11-18 11:06:40 UTC"), std::string::npos) << mail;
}

TEST(Message, AResolvedOneTellsHowLongItLasted) {
  domain::Delivery delivery = killed();
  delivery.notice.transition = domain::Transition::resolved;
  delivery.notice.at = at(252);
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(252));
  EXPECT_TRUE(header_of(mail, "Subject").starts_with("[resolved] web-07"));
  EXPECT_NE(mail.find("Until: 2026-11-18 11:10:52 UTC (4 min 12 s)"), std::string::npos) << mail;
}

domain::Delivery path_lost() {
  domain::Delivery delivery = killed();
  delivery.notice.alert.reason = "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it";
  delivery.notice.hosts = {
      {delivery.notice.host_id, "web-07"}, {std::string(32, 'b'), "db-1"}, {std::string(32, 'c'), "db-2"}};
  return delivery;
}

TEST(Message, OfSeveralHostsNamesThemAllAndLooksAtTheAlerts) {
  const std::string mail = notify::mail(path_lost(), email("smtp://mail:25"), kUrl, at(60));
  const std::string words = "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it";
  EXPECT_EQ(header_of(mail, "Subject"), "[firing] " + words + " (web-07, db-1, db-2)");
  EXPECT_NE(mail.find("\r\n\r\n" + words + "\r\n"), std::string::npos) << mail;
  EXPECT_NE(mail.find("\r\nHosts: web-07, db-1, db-2\r\n"), std::string::npos) << mail;
  EXPECT_NE(mail.find("\r\nhttps://192.0.2.1:8443/alerts\r\n"), std::string::npos) << mail;
  const auto body = nlohmann::json::parse(json(path_lost(), kUrl));
  EXPECT_EQ(body["hosts"].size(), 3u);
  EXPECT_EQ(body["hosts"][2], (nlohmann::json{{"id", std::string(32, 'c')}, {"name", "db-2"}}));
  EXPECT_EQ(body["host"], body["hosts"][0]);
  EXPECT_EQ(nlohmann::json::parse(json(killed(), kUrl))["hosts"].size(), 1u);
}

TEST(Message, OfVeryManyHostsKeepsItsLinesShortAndNothingInANameAddsOne) {
  domain::Delivery delivery = path_lost();
  for (int n = 0; n < 1'000; ++n) delivery.notice.hosts.push_back({"", "h" + std::to_string(n) + "\r\nX-Evil: 1"});
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(60));
  EXPECT_LE(header_of(mail, "Subject").size(), 260u);
  EXPECT_EQ(header_of(mail, "X-Evil"), "(none)");
  EXPECT_NE(mail.find("h999"), std::string::npos);
  for (std::size_t begin = 0, end = 0; (end = mail.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
    EXPECT_LE(end - begin, 900u);
  }
}

TEST(Message, WithoutAPublicUrlThereIsNoLink) {
  EXPECT_EQ(notify::mail(killed(), email("smtp://mail:25"), "", at(0)).find("/hosts/"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(json(killed(), ""))["link"].is_null());
}

TEST(Message, NothingAHostSaysCanAddAHeaderOrALine) {
  domain::Delivery delivery = killed();
  delivery.notice.host_name = "web\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<a@b>";
  delivery.notice.alert.reason = "lost\nX-Evil: 1\r\n.\r\nQUIT\r\n";
  delivery.notice.alert.attributes = {{"mount\r\nX: y", "/\r\n."}};
  delivery.notice.host_id = "abc\r\n.\r\n";
  delivery.message_id = "<a@b>\r\nX-Evil: 2";
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(0));
  EXPECT_EQ(header_of(mail, "Bcc"), "(none)");
  EXPECT_EQ(header_of(mail, "X-Evil"), "(none)");
  EXPECT_EQ(mail.find("\r\nMAIL"), std::string::npos);
  EXPECT_EQ(mail.find("\n.\r"), std::string::npos);
  for (std::size_t n = 0; n < mail.size(); ++n) {
    if (mail[n] == '\n') {
      ASSERT_EQ(mail[n - 1], '\r') << n;
    }
  }
}

TEST(Message, WordsBeyondAsciiAreEncodedAndShortLinesKept) {
  domain::Delivery delivery = killed();
  delivery.notice.alert.reason = "диск " + std::string(3000, 'x') + " полон";
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(0));
  EXPECT_TRUE(is_ascii(mail));
  EXPECT_NE(mail.find("Content-Transfer-Encoding: base64"), std::string::npos);
  EXPECT_TRUE(header_of(mail, "Subject").starts_with("=?UTF-8?B?"));
  std::size_t begin = 0;
  for (std::size_t end = mail.find("\r\n"); end != std::string::npos; end = mail.find("\r\n", begin)) {
    ASSERT_LE(end - begin, 78u);
    begin = end + 2;
  }
}

TEST(Message, ALongWordIsCutBeforeALineGetsTooLong) {
  domain::Delivery delivery = killed();
  delivery.notice.alert.reason = std::string(5000, 'x');
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(0));
  std::size_t begin = 0;
  for (std::size_t end = mail.find("\r\n"); end != std::string::npos; end = mail.find("\r\n", begin)) {
    ASSERT_LE(end - begin, 998u);
    begin = end + 2;
  }
  EXPECT_LE(subject(delivery.notice).size(), 250u);
}

TEST(Message, BytesThatAreNoTextDoNotBreakIt) {
  domain::Delivery delivery = killed();
  delivery.notice.alert.reason = "lost: \xff\xfe\x80";
  EXPECT_EQ(subject(delivery.notice), "[firing] web-07 lost: ???");
  EXPECT_FALSE(nlohmann::json::parse(json(delivery, kUrl)).is_null());
}

TEST(Message, AProgramGetsTheSameAsJson) {
  domain::Delivery delivery = killed();
  delivery.notice.alert.value = 0.972;
  delivery.notice.alert.unit = "1";
  delivery.notice.alert.attributes = {{"cpu", "0"}};
  const auto body = nlohmann::json::parse(json(delivery, kUrl));
  EXPECT_EQ(body["state"], "firing");
  EXPECT_EQ(body["incident"], 7);
  EXPECT_EQ(body["host"]["name"], "web-07");
  EXPECT_EQ(body["attributes"]["cpu"], "0");
  EXPECT_EQ(body["value"], 0.972);
  EXPECT_EQ(body["since"], 1795000000.0);
  EXPECT_EQ(body["link"], kUrl + "/hosts/00112233445566778899aabbccddeeff");
  EXPECT_EQ(body["message_id"], "<7.fired@vedette>");
  EXPECT_EQ(body["unit"], "1");
}

TEST(Message, EveryTimeThatPeopleReadSaysItsZone) {
  const domain::Delivery delivery = testing::back(2, 7, 252);
  const std::string text = nlohmann::json::parse(json(delivery, kUrl))["text"];
  EXPECT_NE(text.find("\nSince: 2026-11-18 11:06:40 UTC\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nUntil: 2026-11-18 11:10:52 UTC (4 min 12 s)\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\n" + kUrl + "/hosts/00112233445566778899aabbccddeeff\n")) << text;
  const std::string mail = notify::mail(delivery, email("smtp://mail:25"), kUrl, at(252));
  for (const std::string& whole : {text, mail}) {
    for (auto time = whole.find("11:"); time != std::string::npos; time = whole.find("11:", time + 3)) {
      const std::string zone = whole.substr(time + 8, 4);
      EXPECT_TRUE(zone == " UTC" || zone == " +00") << whole.substr(time, 20);
    }
  }
}

TEST(Smtp, LinesThatBeginWithADotGetAnother) {
  EXPECT_EQ(dot_stuffed("a\r\n.\r\n..b\r\n"), "a\r\n..\r\n...b\r\n.\r\n");
  EXPECT_EQ(dot_stuffed(".a"), "..a\r\n.\r\n");
  EXPECT_EQ(dot_stuffed(""), ".\r\n");
}

}  // namespace
}  // namespace vedette::notify
