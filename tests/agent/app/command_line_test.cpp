#include "agent/app/command_line.h"

#include <gtest/gtest.h>

#include <array>

#include <vector>

#include "agent/app/once.h"
#include "schema/metrics/catalogue.h"

namespace vedette::app {
namespace {

units::Result<Command> parsed(std::vector<const char*> words) {
  return parse_command_line(words);
}

TEST(CommandLine, NothingMeansRun) {
  EXPECT_EQ(parsed({}).value().name, "run");
  EXPECT_EQ(parsed({"--state", "/s"}).value().option("state"), "/s");
  EXPECT_EQ(parsed({"run", "--state=/s"}).value().option("state"), "/s");
}

TEST(CommandLine, EnrollTakesItsAddressAndOptionsInAnyOrder) {
  const Command command =
      parsed({"enroll", "--token", "T", "https://h:1", "--state", "D", "--ca-pin", "P", "--config=F"}).value();
  EXPECT_EQ(command.argument, "https://h:1");
  EXPECT_EQ(command.option("token"), "T");
  EXPECT_EQ(command.option("ca-pin"), "P");
  EXPECT_EQ(command.option("config"), "F");
  EXPECT_EQ(command.option("hostname", "own"), "own");
}

TEST(CommandLine, NamesWhatItDoesNotKnow) {
  EXPECT_NE(parsed({"start"}).error().message.find("\"start\""), std::string::npos);
  EXPECT_NE(parsed({"run", "--stat", "x"}).error().message.find("--stat"), std::string::npos);
  EXPECT_NE(parsed({"run", "--state"}).error().message.find("--state needs a value"), std::string::npos);
  EXPECT_NE(parsed({"once", "--json=yes"}).error().message.find("takes no value"), std::string::npos);
  EXPECT_EQ(parsed({"once", "--table", "--config", "F"}).value().option("config"), "F");
  EXPECT_NE(parsed({"once", "extra"}).error().message.find("\"extra\""), std::string::npos);
}

TEST(CommandLine, EveryCommandHasHelp) {
  for (const char* name : {"run", "enroll", "once", "list-metrics", "version"}) {
    const Command command = parsed({name, "--help"}).value();
    EXPECT_EQ(command.name, "help");
    EXPECT_TRUE(help_text(command.argument).starts_with("Usage: vedette-agent ")) << name;
  }
  EXPECT_EQ(parsed({"--help"}).value().argument, "");
}

TEST(TickAsText, PrintsPresentSeriesSortedInBaseUnits) {
  const std::vector<metrics::Series> series{metrics::series_of("system.memory.limit"),
                                            metrics::series_of("system.cpu.time", {{"mode", "user"}}),
                                            metrics::series_of("system.cpu.time", {{"mode", "idle"}})};
  const std::vector<metrics::Cell> cells{metrics::integer(2), metrics::integer(150), {}};
  EXPECT_EQ(tick_as_text(series, cells), "system.cpu.time{mode=user} 1.5 s\nsystem.memory.limit 2048 By\n");
  EXPECT_EQ(tick_as_json(units::from_unix_ms(1500), series, cells),
            "{\"time\":1.500,\"samples\":[\n"
            "{\"name\":\"system.cpu.time\",\"attributes\":{\"mode\":\"user\"},\"unit\":\"s\",\"kind\":\"counter\","
            "\"value\":1.5},\n"
            "{\"name\":\"system.memory.limit\",\"attributes\":{},\"unit\":\"By\",\"kind\":\"gauge\",\"value\":2048}\n"
            "]}\n");
}

TEST(MetricsAsText, ListsWhatIsMeasuredAndNothingDerived) {
  EXPECT_NE(metrics_as_text().find("system.disk.io{device,direction}"), std::string::npos);
  EXPECT_EQ(metrics_as_text().find("system.cpu.utilization"), std::string::npos);
}

TEST(MetricsAsText, TellsTheGroupThatSwitchesEachMetric) {
  const std::string text = metrics_as_text();
  for (const std::string_view group : metrics::kGroupNames)
    EXPECT_NE(text.find('[' + std::string(group) + "]\n"), std::string::npos) << group;
  const std::size_t sensors = text.find("[sensors]\n"), clock = text.find("[clock]\n");
  const std::size_t temperature = text.find("hw.temperature{");
  EXPECT_LT(sensors, temperature);
  EXPECT_LT(temperature, clock);
  EXPECT_NE(text.find("unit Cel, gauge, group sensors, from /sys/class/hwmon"), std::string::npos);
}

TEST(TickAsTable, AlignsValuesByGroupInUnitsForPeople) {
  const std::vector<metrics::Series> series{metrics::series_of("system.memory.limit"),
                                            metrics::series_of("system.memory.usage", {{"state", "free"}}),
                                            metrics::series_of("system.cpu.frequency", {{"statistic", "max"}}),
                                            metrics::series_of("system.uptime"),
                                            metrics::series_of("system.linux.clock.offset"),
                                            metrics::series_of("hw.temperature", {{"sensor", "é"}})};
  const std::vector<metrics::Cell> cells{metrics::integer(16'000'000), metrics::integer(0),     metrics::integer(3400),
                                         metrics::integer(200'000),    metrics::integer(-1500), metrics::integer(4125)};
  EXPECT_EQ(tick_as_table(series, cells),
            "cpu\n"
            "  system.cpu.frequency{statistic=max}           3.4 GHz\n"
            "\nmemory\n"
            "  system.memory.limit                          15.3 GiB\n"
            "  system.memory.usage{state=free}                 0 B\n"
            "\nsensors\n"
            "  hw.temperature{sensor=é}                     41.2 °C\n"
            "\nclock\n"
            "  system.linux.clock.offset                    -1.5 ms\n"
            "  system.uptime                                 2.3 d\n");
}

TEST(CommandLine, EnrolTakesSeveralCollectors) {
  const std::array arguments{"enroll", "https://a", "https://b", "--token", "t", "https://c", "--tags", "x,y=z"};
  const auto command = parse_command_line(arguments);
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_EQ(command->argument, "https://a");
  EXPECT_EQ(command->more, (std::vector<std::string>{"https://b", "https://c"}));
  EXPECT_EQ(command->option("tags"), "x,y=z");
  EXPECT_FALSE(parse_command_line(std::array{"enroll", "https://a", "b"}));
}

TEST(CommandLine, UnenrolMayBeOffline) {
  const auto command = parse_command_line(std::array{"unenroll", "--offline", "--state", "/s"});
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_TRUE(command->options.contains("offline"));
  EXPECT_FALSE(parse_command_line(std::array{"unenroll", "https://a"}));
}

}  // namespace
}  // namespace vedette::app
