// DATA/control.sock: how commands reach a running collector. One JSON line each way:
//   {"command":"user add","words":["ann"],"options":{"role":"viewer"},"input":"…"}
//   {"output":"Added ann …"} or {"error":"…"}
// The socket is 0600: who may open it may read control.db anyway.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "schema/units/time.h"
#include "server/app/options.h"

namespace vedette::app {

class ControlSocket {
 public:
  /// Must end soon once stop is requested.
  using Run = std::function<units::Result<std::string>(const Options&, const std::string& input, std::stop_token)>;

  /// Listens; `run` is called on the socket's own thread, one command at a time. A client has `patience` to say its
  /// whole line and as long to take the answer, so that it doesn't hold up the next. The data directory's lock must be
  /// held.
  [[nodiscard]] static units::Result<std::unique_ptr<ControlSocket>> open(const std::filesystem::path& directory,
                                                                          Run run,
                                                                          units::Milliseconds patience = kPatience);
  ~ControlSocket();  ///< stops
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Takes no more commands and breaks off the one under way; returns at once. Any thread.
  void request_stop();

 private:
  static constexpr units::Milliseconds kPatience{5'000};

  ControlSocket(std::filesystem::path file, int listener, int wake, Run run, units::Milliseconds patience);
  void serve();
  void answer(int client) const;

  std::filesystem::path file_;
  int listener_, wake_;
  Run run_;
  units::Milliseconds patience_;
  std::stop_source stop_;
  std::thread thread_;
};

/// Sends a command to the collector on this data directory; nothing if none listens there. Its own error if it fails.
[[nodiscard]] std::optional<units::Result<std::string>> ask_collector(const std::filesystem::path& directory,
                                                                      const Options& options, const std::string& input);

}  // namespace vedette::app
