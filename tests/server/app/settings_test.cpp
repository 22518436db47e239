#include "server/app/settings.h"

#include <gtest/gtest.h>

namespace vedette::app {
namespace {

units::Result<Settings> read(std::string_view text, std::map<std::string, std::string> options = {}) {
  auto file = config::File::parse(text, "server.toml");
  if (!file) return std::unexpected(file.error());
  return settings_of(std::move(*file), Options{"run", {}, std::move(options)});
}

std::string fault(std::string_view text) {
  const auto settings = read(text);
  return settings ? "good" : settings.error().message;
}

TEST(Settings, HaveDefaults) {
  const auto settings = read("");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->data, "/var/lib/vedette");
  EXPECT_EQ(settings->net.address, "0.0.0.0");
  EXPECT_EQ(settings->net.port, 8443);
}

TEST(Settings, TakeTheFileAndLetTheCommandLineOverrideIt) {
  constexpr auto kText =
      "[server]\ndata = \"/d\"\nlisten = \"[::1]:9\"\npublic_url = \"https://Mon.example.org/\"\n"
      "allowed_origins = [\"https://other:8443\"]\n[history]\nbudget = \"1GB\"\n";
  const auto settings = read(kText);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->net.address, "::1");
  EXPECT_EQ(settings->allowed_origins, (std::vector<std::string>{"https://mon.example.org", "https://other:8443"}));
  EXPECT_EQ(settings->history_budget, 1'000'000'000u);
  EXPECT_TRUE(certificate_names(*settings).contains("mon.example.org"));
  EXPECT_TRUE(certificate_names(*settings).contains("::1"));
  const auto overridden = read(kText, {{"data", "/e"}, {"listen", "127.0.0.1:10"}});
  EXPECT_EQ(overridden->data, "/e");
  EXPECT_EQ(overridden->net.port, 10);
}

TEST(Settings, NameTheKeyThatIsWrong) {
  EXPECT_EQ(fault("[server]\nlisten = \"8443\"\n"),
            "server.toml:2: server.listen is \"8443\"; it must be ADDRESS:PORT like \"0.0.0.0:8443\" or \"[::]:8443\"");
  EXPECT_NE(fault("[server]\nlisten = \"0.0.0.0:70000\"\n").find("server.listen"), std::string::npos);
  EXPECT_NE(fault("[server]\npublic_url = \"mon\"\n").find("server.toml:2: server.public_url"), std::string::npos);
  EXPECT_NE(fault("[server]\ntrusted_proxies = [\"proxy\"]\n").find("must be an IP address"), std::string::npos);
  EXPECT_NE(fault("[tls]\ncertificate = \"/x\"\n").find("tls.key is missing"), std::string::npos);
  EXPECT_NE(fault("[history]\nbudget = \"1MB\"\n").find("at least \"100MB\""), std::string::npos);
  EXPECT_NE(fault("[histroy]\n").find("histroy is not known here"), std::string::npos);
}

TEST(Settings, RefuseABadListenOfTheCommandLine) {
  const auto settings = read("", {{"listen", "here"}});
  ASSERT_FALSE(settings);
  EXPECT_TRUE(settings.error().message.starts_with("--listen is \"here\"")) << settings.error().message;
}

}  // namespace
}  // namespace vedette::app
