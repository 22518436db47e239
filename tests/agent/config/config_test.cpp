#include "agent/config/config.h"

#include "agent/config/identity_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace vedette::config {
namespace {

using namespace std::chrono_literals;

std::string error_of(std::string_view text) {
  const auto config = parse(text, "/etc/vedette/agent.toml");
  return config ? "" : config.error().message;
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vedette-config-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

TEST(Config, EveryKeyIsReadAndEverythingHasADefault) {
  EXPECT_EQ(parse("", "x").value().interval, 1s);
  EXPECT_EQ(parse("", "x").value().spool_size, units::mib(64));
  EXPECT_EQ(parse("", "x").value().spool_age, 48h);
  const Config config = parse(
                            "state = \"/s\"\ninterval = \"5s\"\nlog_level = \"debug\"\n"
                            "[spool]\nsize = \"16MiB\"\nage = \"2h\"\n[processes]\ntop = false\nargs = true\n"
                            "[metrics]\nsensors = false\ncpu = true\n",
                            "x")
                            .value();
  EXPECT_EQ(config.state, "/s");
  EXPECT_EQ(config.interval, 5s);
  EXPECT_EQ(config.log_level, units::Level::debug);
  EXPECT_EQ(config.spool_size, units::mib(16));
  EXPECT_EQ(config.spool_age, 2h);
  EXPECT_FALSE(config.processes);
  EXPECT_TRUE(config.process_arguments);
  EXPECT_FALSE(config.groups.has(metrics::Group::sensors));
  EXPECT_TRUE(config.groups.has(metrics::Group::cpu));
  EXPECT_TRUE(config.groups.has(metrics::Group::memory));
}

TEST(Config, AGroupOfMetricsIsKnownAndSwitchedOnOrOff) {
  EXPECT_EQ(
      error_of("[metrics]\ncpu = true\nsensor = false\n"),
      "/etc/vedette/agent.toml:3: unknown key \"metrics.sensor\"; groups of metrics: cpu, load, memory, pressure, "
      "disks, filesystems, network, sockets, sensors, clock, files, processes, cgroups, machine, textfile, jobs, "
      "agent");
  EXPECT_EQ(error_of("[metrics]\ncpu = \"off\"\n"), "/etc/vedette/agent.toml:2: metrics.cpu must be true or false");
  EXPECT_NE(error_of("[metrics]\ncpu = 0\n"), "");
  EXPECT_NE(error_of("metrics = false\n"), "");
  EXPECT_NE(error_of("[metrics.cpu]\n"), "");
}

TEST(Config, AnUnknownKeyNamesFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(
      error_of("interval = \"1s\"\nintervall = \"2s\"\n"),
      "/etc/vedette/agent.toml:2: unknown key \"intervall\"; allowed: state, interval, log_level, spool.size, "
      "spool.age, processes.top, processes.args, cgroups.limit, textfile.directory, textfile.series, jobs.socket, "
      "url, proxy, name, tags, enroll.url, enroll.token, enroll.token_file, enroll.ca_pin, enroll.name, enroll.tags, "
      "metrics.GROUP");
  EXPECT_EQ(error_of("[spool]\n\nsizes = 1\n").substr(0, 54),
            "/etc/vedette/agent.toml:3: unknown key \"spool.sizes\"; ");
}

TEST(Config, AWrongValueSaysWhatIsAllowed) {
  EXPECT_EQ(error_of("interval = 5\n"),
            "/etc/vedette/agent.toml:1: interval must be a duration from \"100ms\" to \"1h\"");
  for (const char* text :
       {"interval = \"10ms\"", "state = \"relative\"", "log_level = \"loud\"", "spool = 3", "[spool]\nsize = \"8\"",
        "[spool]\nsize = \"0MiB\"", "[spool]\nage = \"31d\"", "[processes]\nargs = \"yes\"", "[processes]\nargs = 1"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(Config, CollectorsProxyNameAndTagsAreRead) {
  const Config config = parse(
                            "url = [\"https://a:1\", \"https://b/x\"]\nproxy = \"http://p:1\"\nname = \"web-1\"\n"
                            "tags = [\"site=berlin\", \"db\"]\n",
                            "x")
                            .value();
  EXPECT_EQ(config.urls, (std::vector<std::string>{"https://a:1", "https://b/x"}));
  EXPECT_EQ(config.proxy, "http://p:1");
  EXPECT_EQ(config.name, "web-1");
  EXPECT_EQ(config.tags, (std::vector<std::string>{"site=berlin", "db"}));
  EXPECT_EQ(parse("url = \"https://a:1\"", "x").value().urls, std::vector<std::string>{"https://a:1"});
  EXPECT_TRUE(parse("tags = []", "x").value().tags.empty());
}

TEST(Config, WhatCannotBeTakenOfThemNamesTheLineAndTheRule) {
  EXPECT_EQ(error_of("\nurl = \"http://a:1\"\n"),
            "/etc/vedette/agent.toml:2: url must be \"https://HOST:PORT\" or a list of up to 8 of them");
  std::string many;
  for (int i = 0; i < 33; ++i) many += "\"t" + std::to_string(i) + "\",";
  for (const std::string& text :
       {std::string("url = []"), std::string("url = 3"), std::string("url = [\"https://a\", 3]"),
        std::string("proxy = \"\""), std::string("proxy = \"a\\nb\""), std::string("name = \"a b\""),
        std::string("name = \"\""), std::string("tags = \"db\""), std::string("tags = [\"a b\"]"),
        std::string("tags = [\"=x\"]"), std::string("tags = [\"x=\"]"), std::string("tags = [\"a=b=c\"]"),
        std::string("tags = [\"a\", \"a\"]"), std::string("tags = [1]"), "tags = [\"" + std::string(129, 'a') + "\"]",
        "tags = [" + many + "]"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(Config, EnrollNeedsAUrlAndOneTokenAndNeverRepeatsIt) {
  const Config config =
      parse(
          "[enroll]\nurl = \"https://a:1\"\ntoken_file = \"/t\"\nca_pin = \"sha256:x\"\nname = \"w\"\ntags = [\"t\"]\n",
          "/c.toml")
          .value();
  ASSERT_TRUE(config.enroll);
  EXPECT_EQ(config.enroll->urls, std::vector<std::string>{"https://a:1"});
  EXPECT_EQ(config.enroll->token_file, "/t");
  EXPECT_EQ(config.enroll->ca_pin, "sha256:x");
  EXPECT_EQ(config.enroll->name, "w");
  EXPECT_EQ(config.enroll->tags, std::vector<std::string>{"t"});
  EXPECT_EQ(config.enroll->place, "/c.toml:1: [enroll]");
  EXPECT_FALSE(parse("", "x").value().enroll);
  EXPECT_EQ(error_of("[enroll]\ntoken = \"hush\"\n"),
            "/etc/vedette/agent.toml:1: [enroll] lacks url, the collector's address");
  EXPECT_NE(error_of("[enroll]\n"), "");
  for (const char* text :
       {"[enroll]\nurl = \"https://a\"\n", "[enroll]\nurl = \"https://a\"\ntoken = \"hush\"\ntoken_file = \"/t\"\n",
        "[enroll]\nurl = \"https://a\"\ntoken_file = \"t\"\n", "enroll = 3\n",
        "[enroll]\nurl = \"https://a\"\ntoken = \"hush\\n\"\n"}) {
    EXPECT_NE(error_of(text), "") << text;
    EXPECT_EQ(error_of(text).find("hush"), std::string::npos) << text;
  }
}

TEST(EnrolFile, HasTheSameKeysWithoutASection) {
  const Folder folder;
  EXPECT_FALSE(load_enrol_file(folder / "").value());
  std::ofstream(folder / "enroll.toml") << "url = \"https://a:1\"\ntoken = \"t\"\n";
  const auto source = load_enrol_file(folder / "").value();
  ASSERT_TRUE(source);
  EXPECT_EQ(source->token, "t");
  std::ofstream(folder / "enroll.toml") << "interval = \"1s\"\n";
  EXPECT_NE(load_enrol_file(folder / "").error().message.find("enroll.toml:1: unknown key \"enroll.interval\""),
            std::string::npos);
  std::ofstream(folder / "enroll.toml") << "";
  EXPECT_NE(load_enrol_file(folder / "").error().message.find("enroll.toml lacks url"), std::string::npos);
}

TEST(Config, BrokenTomlNamesTheLine) {
  EXPECT_TRUE(error_of("state = \"/s\"\ninterval = \n").starts_with("/etc/vedette/agent.toml:2: "))
      << error_of("a = \n");
}

TEST(Config, TheExampleIsWhatItSays) {
  std::string active;
  std::istringstream lines(example());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#") && !line.starts_with("# ")) line.erase(0, 1);
    active += line + "\n";
  }
  const Config written = parse(active, "x").value(), defaults;
  EXPECT_EQ(written.state, defaults.state);
  EXPECT_EQ(written.interval, defaults.interval);
  EXPECT_EQ(written.spool_size, defaults.spool_size);
  EXPECT_EQ(written.spool_age, defaults.spool_age);
  EXPECT_EQ(written.processes, defaults.processes);
  EXPECT_EQ(written.process_arguments, defaults.process_arguments);
  EXPECT_EQ(written.groups, defaults.groups);
  std::ifstream packaged(VEDETTE_SOURCE_DIR "/packaging/agent.toml");
  std::ostringstream text;
  text << packaged.rdbuf();
  EXPECT_EQ(text.str(), example());
}

TEST(Config, AMissingFileIsOnlyAnErrorWhereItWasAskedFor) {
  EXPECT_TRUE(load("/no/such/file", false).has_value());
  EXPECT_NE(load("/no/such/file", true).error().message.find("/no/such/file: No such file"), std::string::npos);
}

TEST(Config, WhatIsNoFileIsRefused) {
  const Folder folder;
  for (const bool required : {true, false}) {
    for (const auto& [path, words] :
         {std::pair(folder / "", " is a directory; it must be a TOML file"),
          std::pair(std::string("/dev/null"), " is no regular file; it must be a TOML file")}) {
      const auto config = load(path, required);
      ASSERT_FALSE(config) << path;
      EXPECT_EQ(config.error().message, path + words);
    }
  }
}

TEST(Identity, AHostThatIsNotEnrolledIsToldHow) {
  const auto missing = load_identity("/no/such/state");
  EXPECT_EQ(missing.error().code, units::ErrorCode::not_found);
  EXPECT_NE(missing.error().message.find("vedette-agent enroll"), std::string::npos);
  const Folder folder;
  std::ofstream(folder / "agent.toml") << "url = \"https://c:1\"\n";
  EXPECT_EQ(load_identity(folder / "").error().code, units::ErrorCode::corrupt);
}

TEST(Identity, SeveralCollectorsAndTagsComeBackAndOlderFilesAreRead) {
  const Folder folder;
  Identity identity{.url = "https://a:1", .pin = "", .host_id = "h", .key = "k", .hostname = ""};
  const auto stored_and_read = [&] {
    EXPECT_TRUE(IdentityWriter::prepare(folder / "").value().store(identity));
    return load_identity(folder / "").value();
  };
  EXPECT_TRUE(stored_and_read().other_urls.empty());
  identity.other_urls = {"https://b:1", "https://c:1"};
  identity.tags = {"site=berlin"};
  const Identity read = stored_and_read();
  EXPECT_EQ(read.url, identity.url);
  EXPECT_EQ(read.other_urls, identity.other_urls);
  EXPECT_EQ(read.tags, identity.tags);
  std::ofstream(folder / "agent.toml") << "url = []\npin = \"\"\nhost_id = \"h\"\nkey = \"k\"\nhostname = \"\"\n";
  EXPECT_NE(load_identity(folder / "").error().message.find("lacks \"url\""), std::string::npos);
}

TEST(Identity, RemovedItLeavesWhatIsNotOurs) {
  const Folder folder;
  for (const char* name : {"agent.toml", "agent.toml.new", "enroll.toml", "other"}) std::ofstream(folder / name) << "x";
  std::filesystem::create_directory(folder / "spool");
  std::ofstream(folder / "spool/one") << "x";
  ASSERT_TRUE(remove_identity(folder / ""));
  EXPECT_TRUE(remove_identity(folder / "")) << "again";
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) left.push_back(entry.path().filename());
  EXPECT_EQ(left, std::vector<std::string>{"other"});
}

}  // namespace
}  // namespace vedette::config
