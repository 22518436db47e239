// Lists of processes from an agent's connection to the API, over a restart, a backup and a check.
#include <chrono>
#include <fstream>

#include "schema/units/bytes.h"
#include "server/app/backup.h"
#include "server/app/data_check.h"
#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

/// An agent that tells what uses most, until that is acked.
struct Teller {
  explicit Teller(const Bench& bench, const Collector& collector) : host(enrolled(bench, collector)) {
    client = upgraded(collector, "/api/v1/agent/stream", "vedette.agent.v1",
                      "Authorization: Bearer " + host.at("key").get<std::string>());
    wire::Hello hello;
    hello.stream = 1;
    hello.boot_id[0] = 1;
    say(hello);
  }
  void say(const wire::AgentMessage& message) { client->write(masked(kBinary, wire::encode(message))); }
  /// The ids of the next Ack that has some.
  std::vector<std::uint64_t> acked() {
    for (;;) {
      const auto [opcode, payload] = client->frame();
      if (opcode == 0) return {};
      const auto message = wire::decode_collector(units::as_bytes(payload));
      const auto* ack = message ? std::get_if<wire::Ack>(&*message) : nullptr;
      if (ack != nullptr && !ack->happenings.empty()) return ack->happenings;
    }
  }

  json host;
  std::unique_ptr<Client> client;
};

json asked(const SignedIn& world, const std::string& id, const std::string& query) {
  const std::string answer =
      get(*world.collector, "/api/v1/hosts/" + id + "/processes" + query, "Cookie: " + world.cookie + "\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  return json::parse(body_of(answer)).at("processes");
}

TEST(Processes, AreAckedOnceStoredAnsweredOverARestartCheckedAndBackedUp) {
  SignedIn world;
  const auto at = world.bench.clock.now() - 30s;
  const std::string seconds = units::unix_seconds(at);
  std::string id;
  {
    Teller teller(world.bench, *world.collector);
    id = teller.host.at("host_id");
    wire::Processes message{0xFFFF'FFFF'FFFF'FFFF, at, 60s, 212, {}};
    message.top = {{812, "postgres", 950, 2'000'000}};
    teller.say(message);
    EXPECT_EQ(teller.acked(), std::vector<std::uint64_t>{0xFFFF'FFFF'FFFF'FFFF});
    EXPECT_EQ(metric(*world.collector, "process_lists_stored_total"), "1");
    EXPECT_EQ(asked(world, id, "")[0]["top"][0]["name"], "postgres");
  }
  EXPECT_TRUE(get(*world.collector, "/api/v1/hosts/" + id + "/processes").starts_with("HTTP/1.1 401 "));
  world.collector.reset();
  const auto data = world.bench.directory / "data", copy = world.bench.directory / "backup";
  const auto checked = check_data(data);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_TRUE(checked->whole) << checked->words;
  EXPECT_NE(checked->words.find(", 1 list of processes: whole"), std::string::npos) << checked->words;
  const auto quiet = [](const std::string&) {};
  ASSERT_TRUE(Backup({data, copy, world.bench.clock, quiet}).run().value_or(false));
  std::filesystem::remove_all(data);
  ASSERT_TRUE(restore(copy, data, quiet).value_or(false));
  world.collector = world.bench.start();
  EXPECT_EQ(asked(world, id, "?at=" + seconds)[0]["at"].dump(), json::parse(seconds).dump());
  EXPECT_EQ(asked(world, id, "?from=0&to=" + seconds).size(), 1u);
  EXPECT_TRUE(asked(world, id, "?from=0&to=1").empty());
}

TEST(Processes, ADamagedFileOfThemKeepsNoCollectorFromStartingAndHealthTells) {
  SignedIn world;
  Teller teller(world.bench, *world.collector);
  const auto at = world.bench.clock.now();
  teller.say(wire::Processes{1, at, 60s, 212, {}});
  ASSERT_EQ(teller.acked().size(), 1u);
  world.collector.reset();
  const auto data = world.bench.directory / "data";
  for (const auto& file : std::filesystem::directory_iterator(data)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("top-")) std::ofstream(file.path(), std::ios::binary) << std::string(9'000, 'x');
  }
  world.collector = world.bench.start();
  ASSERT_NE(world.collector, nullptr);
  EXPECT_TRUE(asked(world, teller.host.at("host_id"), "?from=0").empty());
  const std::string health = get(*world.collector, "/healthz");
  EXPECT_NE(health.find("lists of processes were found damaged"), std::string::npos) << health;
  EXPECT_EQ(metric(*world.collector, "process_trouble"), "1");
  EXPECT_FALSE(check_data(data)->whole);
}

}  // namespace
}  // namespace vedette::app
