// Agents' streams over fakes, and one agent's connection, driven as net drives it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "server/ingest/agent_streams.h"
#include "tests/fake_processes.h"
#include "tests/server/ingest/fakes.h"

namespace vedette::ingest {

struct World {
  explicit World(Rates rates = {}) : streams(history, processes, observer, stage, router, stage, rates) {}
  Stage stage;
  FakeHistory history;
  tests::FakeProcesses processes;
  FakeObserver observer;
  FakeRouter router;
  AgentStreams streams;
};

/// One agent's connection, driven as net drives it.
struct Agent {
  World& world;
  FakeConnection connection;
  std::unique_ptr<domain::ConnectionHandler> handler;
  wire::TickEncoder encoder;
  std::uint64_t number = 0;

  explicit Agent(World& w, std::uint64_t id = 1)
      : world(w), connection(w.stage, id), handler(w.streams.accept(record())) {
    world.router.open[connection.id()] = &connection;
    handler->on_open(connection);
  }
  void say(const wire::AgentMessage& message) {
    connection.heard = world.stage.mono;
    const std::string bytes = wire::encode(message);
    handler->on_binary({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  void greet(const wire::Hello& message = hello()) {
    say(message);
    say(announce());
  }
  void tick() { say(wire::TickMessage{++number, encoder.encode(row(world.stage.wall), {false})}); }
  void pong(std::size_t ping) {
    connection.heard = world.stage.mono;
    const std::string& payload = connection.pings.at(ping);
    handler->on_pong({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
  }
  void end(domain::Ending::How how = domain::Ending::How::without_close, std::string words = "FIN") {
    world.router.open.erase(connection.id());
    handler->on_end({.how = how, .code = 1006, .words = std::move(words), .by_us = false});
  }
  /// Ticks and pongs each second, and a commit, as when all is well.
  void live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      tick();
      world.history.commit();
      world.stage.advance(1s);
      connection.heard = world.stage.mono;
    }
  }
};

}  // namespace vedette::ingest
