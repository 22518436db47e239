#include "server/app/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "server/processes/store.h"

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
  EXPECT_EQ(settings->keep.budget, 1'000'000'000u);
  EXPECT_TRUE(certificate_names(*settings).contains("mon.example.org"));
  EXPECT_TRUE(certificate_names(*settings).contains("::1"));
  const auto overridden = read(kText, {{"data", "/e"}, {"listen", "127.0.0.1:10"}});
  EXPECT_EQ(overridden->data, "/e");
  EXPECT_EQ(overridden->net.port, 10);
}

TEST(Settings, TakeProxiesByAddressAndByNetwork) {
  const auto settings =
      read("[server]\ntrusted_proxies = [\"2001:DB8:0:0::1\", \"::ffff:10.0.0.2\", \"172.16.0.0/12\"]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->net.trusted_proxies.texts(),
            (std::vector<std::string>{"2001:db8::1", "10.0.0.2", "172.16.0.0/12"}));
  EXPECT_EQ(fault("[server]\ntrusted_proxies = [\"10.0.0.2/8\"]\n"),
            "server.toml:2: server.trusted_proxies holds \"10.0.0.2/8\"; its network is \"10.0.0.0/8\": write that, or "
            "the address alone");
}

TEST(Settings, APassthroughProxyIsAnAddressAndNotATrustedOne) {
  const auto settings = read("[server]\npassthrough_proxies = [\"2001:DB8:0:0::1\", \"::ffff:10.0.0.2\"]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->net.passthrough_proxies.texts(), (std::vector<std::string>{"2001:db8::1", "10.0.0.2"}));
  EXPECT_TRUE(settings->net.trusted_proxies.empty());
  EXPECT_EQ(fault("[server]\npassthrough_proxies = [\"10.0.0.2:80\"]\n"),
            "server.toml:2: server.passthrough_proxies holds \"10.0.0.2:80\"; it must be an IP address without a port, "
            "or a network like "
            "172.18.0.0/16");
  EXPECT_EQ(fault("[server]\ntrusted_proxies = [\"::1\", \"::ffff:10.0.0.2\"]\npassthrough_proxies = [\"10.0.0.2\"]\n"),
            "server.toml:3: server.passthrough_proxies holds \"10.0.0.2\", and server.trusted_proxies holds addresses "
            "of it too; a "
            "proxy that hands bytes through writes no headers that could be believed: name it in one of them only");
  EXPECT_THAT(fault("[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\npassthrough_proxies = [\"10.0.0.2\"]\n"),
              testing::HasSubstr("and server.trusted_proxies holds addresses of it too"));
  EXPECT_EQ(
      fault("[server]\ntrusted_proxies = [\"::1\"]\npassthrough_proxies = [\"10.0.0.2\"]\n[tls]\nat_proxy = true\n"),
      "server.toml:5: tls.at_proxy is true, so connections of server.passthrough_proxies would be closed unread; "
      "leave one of the two out");
}

TEST(BasePath, IsThePathOfThePublicUrl) {
  const auto path = [](const std::string& lines) {
    const auto settings = read("[server]\n" + lines);
    return settings ? settings->base_path : settings.error().message;
  };
  EXPECT_EQ(path(""), "");
  EXPECT_EQ(path("public_url = \"https://x/\"\n"), "");
  EXPECT_EQ(path("public_url = \"https://x/mon/v\"\n"), "/mon/v");
  EXPECT_EQ(path("public_url = \"https://x/v/\"\nbase_path = \"/v\"\n"), "/v");
  EXPECT_EQ(path("base_path = \"/v\"\n"), "/v");
  EXPECT_EQ(path("base_path = \"\"\n"), "");
  EXPECT_EQ(
      path("base_path = \"/v\"\npublic_url = \"https://x/w\"\n"),
      "server.toml:2: server.base_path is \"/v\", but the path of server.public_url is \"/w\"; leave base_path out, "
      "or make both the same");
  EXPECT_EQ(path("base_path = \"\"\npublic_url = \"https://x/w\"\n").substr(0, 61),
            "server.toml:2: server.base_path is \"\", but the path of server");
  EXPECT_EQ(
      path("base_path = \"/v/\"\n"),
      "server.toml:2: server.base_path is \"/v/\"; it must be a path like \"/vedette\": no \"/\" at its end, segments "
      "of letters, digits and -_.~, and not begin with what the collector has itself: /alerts /api /assets "
      "/favicon.svg /healthz /index.html /hosts /metrics");
  EXPECT_TRUE(path("public_url = \"https://x/a%20b\"\n")
                  .starts_with("server.toml:2: server.public_url has the path \"/a%20b\"; it"));
}

TEST(TlsAtProxy, NeedsAProxyAndNoCertificate) {
  const auto settings = read("[server]\ntrusted_proxies = [\"::1\"]\n[tls]\nat_proxy = true\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_TRUE(settings->net.plaintext);
  EXPECT_TRUE(settings->net.only_proxies);
  for (const char* tls : {"", "[tls]\nat_proxy = false\n"}) {
    const auto with_tls = read(std::string("[server]\ntrusted_proxies = [\"::1\"]\n") + tls);
    EXPECT_FALSE(with_tls->net.plaintext || with_tls->net.only_proxies);
  }
  EXPECT_EQ(
      fault("[tls]\nat_proxy = true\n"),
      "server.toml:2: tls.at_proxy is true, but server.trusted_proxies names no proxy: nobody could connect; name "
      "the proxy's address there, as in [\"127.0.0.1\"]");
  EXPECT_EQ(
      fault("[server]\ntrusted_proxies = [\"::1\"]\n[tls]\ncertificate = \"/c\"\nkey = \"/k\"\nat_proxy = true\n"),
      "server.toml:6: tls.at_proxy is true, so tls.certificate and tls.key would never be used; give them to the "
      "proxy");
}

TEST(Settings, TakeEveryLimit) {
  const auto settings = read(
      "[limits]\nconnections = 100\nunproven_per_address = 7\nunproven = 8\nhead = 8000\nbody = \"2kB\"\nagent_message "
      "= \"1MB\"\n"
      "viewer_message = 1000\nfragments = 9\ntopics = 10\nhost_topics = 11\npolls = 13\npolls_per_login = "
      "14\nhead_deadline = \"1s\"\n"
      "body_deadline = \"2s\"\nanswer_deadline = \"3s\"\nwrite_deadline = \"4s\"\nidle_deadline = \"5s\"\n"
      "close_deadline = \"6s\"\nagent_messages = 50\nagent_bytes = \"100kB\"\nagents_per_token = 12\nlogin_tries = 3\n"
      "enrolment_tries = 4\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const auto& [net, limits] = std::tie(settings->net, settings->limits);
  EXPECT_EQ(net.connections, 100u);
  EXPECT_EQ(net.unproven_per_address, 7u);
  EXPECT_EQ(net.unproven, 8u);
  EXPECT_EQ(net.head, 8'000u);
  EXPECT_EQ(net.fragments, 9u);
  const std::vector<units::Milliseconds> spans{net.head_deadline,  net.body_deadline, net.answer_deadline,
                                               net.write_deadline, net.idle_deadline, net.close_deadline};
  for (std::size_t i = 0; i < spans.size(); ++i) EXPECT_EQ(spans[i], std::chrono::seconds(i + 1)) << i;
  EXPECT_EQ(limits.body, 2'000u);
  EXPECT_EQ(limits.agent_message, 1'000'000u);
  EXPECT_EQ(limits.live.message, 1'000u);
  EXPECT_EQ(limits.live.topics, 10u);
  EXPECT_EQ(limits.live.host_topics, 11u);
  EXPECT_EQ(limits.live.poll, units::Milliseconds(1'500)) << "half of answer_deadline: or each would end in 503";
  EXPECT_EQ(limits.live.polls, 13u);
  EXPECT_EQ(limits.live.polls_of_login, 14u);
  EXPECT_EQ(limits.agents.messages, 50);
  EXPECT_EQ(limits.agents.bytes, 100'000);
  EXPECT_EQ(limits.agents_per_token, 12u);
  EXPECT_EQ(limits.login_tries, 3u);
  EXPECT_EQ(limits.enrolment_tries, 4u);
}

TEST(Settings, SayTheRangeOfALimit) {
  EXPECT_EQ(fault("[limits]\nlogin_tries = 0\n"),
            "server.toml:2: limits.login_tries is 0; it must be a whole number from 1 to 1000");
  EXPECT_EQ(fault("[limits]\ntopics = \"many\"\n"),
            "server.toml:2: limits.topics must be a whole number from 1 to 100000");
  EXPECT_EQ(fault("[limits]\nbody = \"2MB\"\n"),
            "server.toml:2: limits.body is 2000000 bytes; it must be 512 to 1048576");
  EXPECT_EQ(fault("[limits]\nhead_deadline = \"0s\"\n"),
            "server.toml:2: limits.head_deadline is \"0s\"; it must be \"100ms\" to \"1h\"");
  EXPECT_NE(fault("[limits]\nbodies = 1\n").find("limits.bodies is not known here; allowed: agent_bytes, "),
            std::string::npos);
}

TEST(Settings, NameTheKeyThatIsWrong) {
  EXPECT_EQ(fault("[server]\nlisten = \"8443\"\n"),
            "server.toml:2: server.listen is \"8443\"; it must be ADDRESS:PORT like \"0.0.0.0:8443\" or \"[::]:8443\"");
  EXPECT_NE(fault("[server]\nlisten = \"0.0.0.0:70000\"\n").find("server.listen"), std::string::npos);
  EXPECT_NE(fault("[server]\npublic_url = \"mon\"\n").find("server.toml:2: server.public_url"), std::string::npos);
  EXPECT_EQ(fault("[server]\ntrusted_proxies = [\"10.0.0.2:80\"]\n"),
            "server.toml:2: server.trusted_proxies holds \"10.0.0.2:80\"; it must be an IP address without a port, or "
            "a network like 172.18.0.0/16");
  EXPECT_NE(fault("[tls]\ncertificate = \"/x\"\n").find("tls.key is missing"), std::string::npos);
  EXPECT_NE(fault("[history]\nbudget = \"1MB\"\n").find("at least \"100MB\""), std::string::npos);
  EXPECT_NE(fault("[histroy]\n").find("histroy is not known here"), std::string::npos);
}

TEST(Settings, TellHowLongHistoryIsKept) {
  const auto unset = read("");
  ASSERT_TRUE(unset) << unset.error().message;
  EXPECT_EQ(unset->keep.budget, std::nullopt);
  EXPECT_EQ(unset->keep.ages[0], std::chrono::days(14));
  EXPECT_EQ(unset->keep_processes, std::chrono::days(7));
  EXPECT_EQ(processes_options(*unset).keep, std::chrono::days(7));
  const auto settings = read("[history]\nkeep_raw = \"3d\"\nkeep_minutes = \"90d\"\nkeep_hours = \"3650d\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->keep.ages[0], std::chrono::days(3));
  EXPECT_EQ(settings->keep.ages[1], std::chrono::days(90));
  EXPECT_EQ(settings->keep.ages[2], std::chrono::days(3650));
  EXPECT_NE(fault("[history]\nkeep_minutes = \"23h\"\n").find("server.toml:2: history.keep_minutes"),
            std::string::npos);
  EXPECT_EQ(read("[history]\nkeep_processes = \"90d\"\n")->keep_processes, std::chrono::days(90));
  for (const char* wrong : {"91d", "23h", "0s"}) {
    const std::string said = fault("[history]\nkeep_processes = \"" + std::string(wrong) + "\"\n");
    EXPECT_TRUE(said.starts_with("server.toml:2: history.keep_processes")) << said;
    EXPECT_NE(said.find("\"1d\" to \"90d\""), std::string::npos) << said;
  }
}

TEST(Settings, TellOnWhichDayMonthsOfTrafficBegin) {
  const auto unset = read(""), settings = read("[history]\nbilling_day = 28\n");
  ASSERT_TRUE(unset && settings);
  EXPECT_EQ(unset->billing_day, std::chrono::day(1));
  EXPECT_EQ(settings->billing_day, std::chrono::day(28));
  for (const char* wrong : {"0", "29", "-1", "1.5", "\"1\""}) {
    const std::string said = fault("[history]\nbilling_day = " + std::string(wrong) + "\n");
    EXPECT_TRUE(said.starts_with("server.toml:2: history.billing_day")) << said;
    EXPECT_NE(said.find("1 to 28"), std::string::npos) << said;
  }
}

TEST(Settings, BudgetIsAFifthOfASmallDiskAndTenGigabytesOfALargeOne) {
  const auto budget = default_budget(std::filesystem::temp_directory_path());
  ASSERT_TRUE(budget);
  EXPECT_EQ(*budget, std::min<std::uint64_t>(
                         10'000'000'000, std::filesystem::space(std::filesystem::temp_directory_path()).capacity / 5));
  EXPECT_EQ(default_budget("/nonexistent/vedette"), std::nullopt);
}

TEST(Rules, AreReadAndShown) {
  const auto settings = read(
      "[notify]\nhold = \"5s\"\n[alerts]\nstopped_after = \"1m\"\n[[rule]]\nname = \"cpu-busy\"\n"
      "series = \"system.cpu.utilization\"\nabove = 0.9\nfor = \"30s\"\nrecover = 0.8\nseverity = \"critical\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->alerts.hold, std::chrono::seconds(5));
  EXPECT_EQ(settings->alerts.stopped_after, std::chrono::minutes(1));
  ASSERT_EQ(settings->alerts.rules.size(), 1u);
  const auto& rule = settings->alerts.rules.front();
  EXPECT_EQ(rule.name, "cpu-busy");
  EXPECT_EQ(rule.series.name, "system.cpu.utilization");
  EXPECT_EQ(rule.direction, alerts::Direction::above);
  EXPECT_EQ(rule.limit, 0.9);
  EXPECT_EQ(rule.recover, 0.8);
  EXPECT_EQ(rule.lasting, std::chrono::seconds(30));
  EXPECT_EQ(rule.severity, domain::Severity::critical);
  EXPECT_TRUE(alerts::check(settings->alerts));
}

TEST(Rules, NameTheKeyThatIsWrong) {
  const auto rule = [](const std::string& lines) { return fault("[[rule]]\n" + lines); };
  const std::string good = "name = \"a\"\nseries = \"system.cpu.utilization\"\n";
  EXPECT_EQ(rule(good + "above = 1\n"), "good");
  EXPECT_NE(rule("above = 1\n").find("rule.name is missing"), std::string::npos);
  EXPECT_NE(rule(good).find("rule.above or below is missing"), std::string::npos);
  EXPECT_NE(rule(good + "above = 1\nbelow = 2\n").find("server.toml:5: rule.below stands beside above"),
            std::string::npos);
  EXPECT_NE(rule(good + "above = 1\nrecover = 2\n").find("server.toml:5: rule.recover"), std::string::npos);
  EXPECT_NE(rule(good + "below = 1\nrecover = 0.5\n").find("server.toml:5: rule.recover"), std::string::npos);
  EXPECT_NE(rule(good + "above = 1\nseverity = \"bad\"\n").find("allowed: critical, info, warning"), std::string::npos);
  EXPECT_NE(rule(good + "above = 1\n[[rule]]\n" + good + "above = 1\n").find("names are unique"), std::string::npos);
  EXPECT_EQ(rule("name = \" \"\nseries = \"system.cpu.utilization\"\nabove = 1\n"),
            "server.toml:2: rule.name is \" \"; it must say something, like \"cpu-busy\"");
  EXPECT_EQ(rule(good + "above = nan\n"), "server.toml:4: rule.above is nan; it must be a finite number");
  EXPECT_EQ(rule(good + "below = -inf\n"), "server.toml:4: rule.below is -inf; it must be a finite number");
  EXPECT_EQ(rule(good + "above = 1\nfor = \"4000d\"\n"),
            "server.toml:5: rule.for is \"4000d\"; it must be at most \"3650d\"");
  const std::string unknown = rule("name = \"a\"\nseries = \"system.nope\"\nabove = 1\n");
  EXPECT_TRUE(unknown.starts_with("server.toml:3: rule.series is \"system.nope\"; no agent measures that; allowed: "))
      << unknown;
  EXPECT_NE(unknown.find("system.cpu.load_average.1m"), std::string::npos) << unknown;
  EXPECT_NE(rule("name = \"host-down\"\nseries = \"x\"\nabove = 1\n").find("names are unique"), std::string::npos);
}

TEST(Receivers, NeedAName) {
  EXPECT_EQ(fault("[[receiver]]\nname = \"\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1/\"\n"),
            "server.toml:2: receiver.name is \"\"; it must say something, like \"ops\"");
}

TEST(Receivers, NameTheKeyThatIsWrong) {
  const std::string mail =
      "[[receiver]]\nname = \"ops\"\ntype = \"email\"\nserver = \"smtp://x\"\nfrom = \"a@b\"\nto = [\"c@d\"]\n";
  EXPECT_EQ(fault(mail), "good");
  const auto with = [&](const std::string& old, const std::string& now) {
    std::string text = mail;
    return fault(text.replace(text.find(old), old.size(), now));
  };
  EXPECT_EQ(with("smtp://x", "mail.example.org"),
            "server.toml:4: receiver.server must be smtp://HOST:PORT or smtps://HOST:PORT, not \"mail.example.org\"");
  EXPECT_EQ(with("smtp://x", "smtp://x/inbox"),
            "server.toml:4: receiver.server must end after the port, not \"/inbox\"");
  EXPECT_EQ(with("a@b", "a"), "server.toml:5: receiver.from must be an address like vedette@example.org, not \"a\"");
  EXPECT_EQ(with("c@d", "c"), "server.toml:6: receiver.to holds \"c\", which is no address like ops@example.org");
  EXPECT_EQ(with("server = \"smtp://x\"\n", ""),
            "server.toml:1: receiver.server is missing; for example server = \"smtp://mail.example.org:587\"");
  EXPECT_EQ(fault(mail + "user = \"u\"\n"), "server.toml:1: receiver.password_file is missing: a login needs both");
  EXPECT_EQ(fault(mail + "user = \"u\"\npassword_file = \"/p\"\nstarttls = \"off\"\n"),
            "server.toml:9: receiver.starttls must not be off with a login: the password would travel readable");
  EXPECT_EQ(fault(mail + mail),
            "server.toml:8: receiver.name is \"ops\", which another receiver has; names are unique");
  EXPECT_EQ(fault("[[receiver]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"ftp://x\"\n"),
            "server.toml:4: receiver.url must be http://HOST:PORT or https://HOST:PORT, not \"ftp://x\"");
  std::string many;
  for (int n = 0; n < 33; ++n) {
    many += "[[receiver]]\nname = \"" + std::to_string(n) + "\"\ntype = \"webhook\"\nurl = \"http://x\"\n";
  }
  EXPECT_EQ(fault(many), "server.toml:130: receiver.name is one too many; there may be 32 receivers");
}

TEST(Receivers, AreNotBlamedForTheirLinksUrl) {
  const std::string receiver = "[[receiver]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"http://x\"\n";
  EXPECT_EQ(fault("[server]\npublic_url = \"https://x:y\"\n" + receiver),
            "server.toml:2: server.public_url must be http://HOST:PORT or https://HOST:PORT, not \"https://x:y\"");
  EXPECT_EQ(fault("[server]\npublic_url = \"mon\"\n" + receiver),
            "server.toml:2: server.public_url is wrong: \"mon\" isn't a URL like \"https://example.org:8443\"");
}

TEST(Settings, RefuseABadListenOfTheCommandLine) {
  const auto settings = read("", {{"listen", "here"}});
  ASSERT_FALSE(settings);
  EXPECT_TRUE(settings.error().message.starts_with("--listen is \"here\"")) << settings.error().message;
}

}  // namespace
}  // namespace vedette::app
