// The real collector in a directory of its own, on a port that the system picks, and how tests speak to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/app/collector.h"
#include "server/app/control_socket.h"
#include "tests/server/net/client.h"
#include "tests/temporary_directory.h"

namespace vedette::app {

struct Bench {
  tests::TemporaryDirectory directory;
  domain::SystemClock clock;

  Settings settings() const {
    Settings s;
    s.data = directory / "data";
    s.dashboard = directory / "dashboard";
    s.net.address = "127.0.0.1";
    s.net.port = 0;
    return s;
  }
  std::unique_ptr<Collector> start(Settings s) {
    auto collector = Collector::start(std::move(s), clock);
    if (!collector) {
      ADD_FAILURE() << collector.error().message;
      return nullptr;
    }
    return std::move(*collector);
  }
  std::unique_ptr<Collector> start() { return start(settings()); }
  std::string refusal(Settings s) {
    auto collector = Collector::start(std::move(s), clock);
    return collector ? "started" : collector.error().message;
  }
  units::Result<std::string> ask(Options options, const std::string& input = "") const {
    return ask_collector(directory / "data", options, input)
        .value_or(units::fail(units::ErrorCode::unavailable, "nobody"));
  }
};

/// Head and body of the answer to a GET from this machine. `headers`: whole lines with their ends.
inline std::string get(const Collector& collector, const std::string& path, const std::string& headers = "") {
  net::testing::Client client(collector.port());
  client.write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
  return client.response();
}

/// A metric's value as /metrics writes it; empty if it isn't there.
inline std::string metric(const Collector& collector, const std::string& name) {
  const std::string answer = get(collector, "/metrics");
  const std::size_t at = answer.find("\nvedette_" + name + " ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 10;
  return answer.substr(from, answer.find('\n', from) - from);
}

}  // namespace vedette::app
