// A simulated viewer: one live client, whichever transport carries its events.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "agent/link/backoff.h"
#include "tests/load/swarm/agent.h"
#include "tests/load/swarm/live_reader.h"

namespace vedette::swarm {

/// Takes what a transport reads.
class LiveSink {
 public:
  virtual ~LiveSink() = default;
  virtual void on_event(const LiveEvent& event) = 0;
};

/// What one connection of a viewer says and hears. Sans-I/O; made anew for each connection.
class Transport {
 public:
  struct Setting {
    std::string authority;            ///< for Host and Origin
    std::string cookie;               ///< "name=value"
    std::vector<std::string> topics;  ///< none: it only connects
    std::string cursor;               ///< of the newest event before; empty at first
  };
  virtual ~Transport() = default;
  /// Appends what is to be written first.
  virtual void open(std::string& out) = 0;
  /// Bytes came; events go to `sink`, what is to be written to `out`. An error ends the connection.
  [[nodiscard]] virtual units::Result<void> receive(std::span<const std::uint8_t> bytes, std::string& out,
                                                    LiveSink& sink) = 0;
};

enum class TransportKind { websocket, sse, poll };
[[nodiscard]] std::unique_ptr<Transport> make_transport(TransportKind kind, Transport::Setting setting,
                                                        LiveReader& reader);

/// What all viewers share; outlives them.
struct Gallery {
  Loop& loop;
  const Target& target;
  Report& report;
  LiveReader& reader;
  const std::vector<std::unique_ptr<Agent>>& agents;
  std::mt19937_64& random;
  TransportKind kind;
  std::string cookie;
  std::size_t connected = 0;  ///< viewers that heard something on the connection they have
};

class Viewer final : public Source, private LiveSink {
 public:
  /// `number` picks the source address.
  Viewer(Gallery& gallery, std::size_t number, std::vector<std::string> topics, units::Steady first);

  void on_ready(units::Steady now) override;
  void on_time(units::Steady now) override;

 private:
  void on_event(const LiveEvent& event) override;
  void talk(units::Steady now);
  void end(const std::string& why, units::Steady now);

  enum class State { waiting, connecting, open };

  Gallery& gallery_;
  std::vector<std::string> topics_;
  Channel channel_;
  std::unique_ptr<Transport> transport_;
  link::Backoff backoff_;
  State state_ = State::waiting;
  units::Steady until_;
  std::string outgoing_, cursor_;
  bool heard_ = false, ever_ = false;
  std::vector<std::int64_t> newest_;  ///< by agent: time of the newest tick shown, ms
};

}  // namespace vedette::swarm
