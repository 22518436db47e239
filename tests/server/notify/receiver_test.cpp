#include "server/notify/receiver.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/server/notify/make.h"

namespace vedette::notify {
namespace {

Config good() {
  Config config;
  config.public_url = "https://collector.example.org:8443";
  config.receivers = {{"ops", testing::email("smtp://mail.example.org")},
                      {"hook", Webhook{"https://example.org/x", ""}}};
  return config;
}
Email& mail(Config& config) {
  return std::get<Email>(config.receivers[0].way);
}
std::string& url(Config& config) {
  return std::get<Webhook>(config.receivers[1].way).url;
}

struct Case {
  const char* name;
  std::function<void(Config&)> spoil;
  std::vector<std::string> words;  ///< that the error must hold
};

TEST(ReceiverCheck, RefusesInWordsThatNameReceiverAndField) {
  const std::vector<Case> cases{
      {"hold below 0", [](auto& c) { c.hold = units::Milliseconds{-1}; }, {"notify.hold"}},
      {"public_url", [](auto& c) { c.public_url = "ftp://x"; }, {"public_url", "ftp://x"}},
      {"no name", [](auto& c) { c.receivers[0].name = ""; }, {"no name"}},
      {"same name", [](auto& c) { c.receivers[1].name = "ops"; }, {"\"ops\"", "taken"}},
      {"too many", [](auto& c) { c.receivers.resize(33, c.receivers[0]); }, {"32"}},
      {"no scheme", [](auto& c) { mail(c).server = "mail.example.org"; }, {"\"ops\"", "server", "smtp://"}},
      {"web as mail", [](auto& c) { mail(c).server = "https://x"; }, {"\"ops\"", "server"}},
      {"path", [](auto& c) { mail(c).server = "smtp://x/inbox"; }, {"\"ops\"", "server", "port"}},
      {"password in URL", [](auto& c) { mail(c).server = "smtp://u:p@x"; }, {"\"ops\"", "must not hold a user"}},
      {"line in server", [](auto& c) { mail(c).server = "smtp://x\r\nQUIT"; }, {"\"ops\"", "server"}},
      {"from", [](auto& c) { mail(c).from = "vedette"; }, {"\"ops\"", "from"}},
      {"line in from", [](auto& c) { mail(c).from = "a@b\r\nDATA"; }, {"\"ops\"", "from"}},
      {"bracket in from", [](auto& c) { mail(c).from = "<a@b>"; }, {"\"ops\"", "from"}},
      {"nobody", [](auto& c) { mail(c).to.clear(); }, {"\"ops\"", "to", "at least one"}},
      {"101", [](auto& c) { mail(c).to.assign(101, "a@b"); }, {"\"ops\"", "to", "100"}},
      {"to", [](auto& c) { mail(c).to[1] = "second"; }, {"\"ops\"", "to", "\"second\""}},
      {"no password_file", [](auto& c) { mail(c).user = "u"; }, {"\"ops\"", "password_file"}},
      {"no user", [](auto& c) { mail(c).password_file = "/p"; }, {"\"ops\"", "user"}},
      {"line in user", [](auto& c) { mail(c).user = "u\nv", mail(c).password_file = "/p"; }, {"\"ops\"", "user"}},
      {"password in the open",
       [](auto& c) {
         mail(c).user = "u", mail(c).password_file = "/p";
         mail(c).starttls = StartTls::off;
       },
       {"\"ops\"", "starttls"}},
      {"hook's scheme", [](auto& c) { url(c) = "smtp://x"; }, {"\"hook\"", "url"}},
      {"hook's space", [](auto& c) { url(c) = "https://x/a b"; }, {"\"hook\"", "url"}},
      {"hook without host", [](auto& c) { url(c) = "https:///x"; }, {"\"hook\"", "url"}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    Config config = good();
    one.spoil(config);
    const auto result = check(config);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, units::ErrorCode::invalid);
    for (const std::string& word : one.words) {
      EXPECT_NE(result.error().message.find(word), std::string::npos) << word << " in: " << result.error().message;
    }
  }
}

TEST(ReceiverCheck, TakesWhatIsRight) {
  const std::vector<std::pair<const char*, std::function<void(Config&)>>> cases{
      {"as it is", [](auto&) {}},
      {"nobody to tell", [](auto& c) { c.receivers.clear(); }},
      {"no hold", [](auto& c) { c.hold = units::Milliseconds{0}; }},
      {"an IPv6 address", [](auto& c) { mail(c).server = "smtps://[2001:db8::1]:465"; }},
      {"a login over TLS",
       [](auto& c) { mail(c).server = "smtps://x", mail(c).user = "u", mail(c).password_file = "/p"; }},
      {"no login, in the open, to another machine", [](auto& c) { mail(c).starttls = StartTls::off; }},
      {"a login in the open on this machine",
       [](auto& c) {
         mail(c).server = "smtp://127.0.0.1:25", mail(c).starttls = StartTls::off;
         mail(c).user = "u", mail(c).password_file = "/p";
       }},
      {"a query", [](auto& c) { url(c) = "http://example.org:8080/hook?key=1"; }},
  };
  for (const auto& [name, change] : cases) {
    SCOPED_TRACE(name);
    Config config = good();
    change(config);
    const auto result = check(config);
    EXPECT_TRUE(result) << result.error().message;
  }
}

}  // namespace
}  // namespace vedette::notify
