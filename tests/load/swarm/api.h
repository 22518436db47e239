// Blocking HTTPS of one kept connection, for what a swarm does before and after its run: enrol, log in, read history.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/link/http.h"
#include "agent/link/tls.h"
#include "tests/load/swarm/channel.h"

namespace vedette::swarm {

class Api {
 public:
  explicit Api(const Target& target) : target_(target) {}
  ~Api() { hang_up(); }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// The key of a host that is enrolled with `token` now, and its id.
  struct Host {
    std::string id, key;
  };
  [[nodiscard]] units::Result<Host> enroll(const std::string& token, const std::string& hostname);
  /// The cookie "name=value" of a new login; ask() carries it from here on.
  [[nodiscard]] units::Result<std::string> log_in(const std::string& user, const std::string& password);
  /// Times (Unix ms) of the raw samples of one series of a host between two instants.
  [[nodiscard]] units::Result<std::vector<std::int64_t>> sample_times(const std::string& host_id,
                                                                      std::string_view series, units::Instant from,
                                                                      units::Instant to);

 private:
  struct Answer {
    link::ResponseHead head;
    std::string body;
  };
  /// Of an answer of 2xx; others are errors with the problem's words. Asks once more on a connection that had ended.
  [[nodiscard]] units::Result<Answer> ask(std::string_view method, const std::string& path,
                                          const std::string& json = {});
  [[nodiscard]] units::Result<Answer> exchange(const std::string& request);
  [[nodiscard]] units::Result<void> connect();
  [[nodiscard]] units::Result<Answer> receive();
  [[nodiscard]] bool wait(link::Io io) const;
  void hang_up();

  const Target& target_;
  std::string cookie_;
  int fd_ = -1;
  std::unique_ptr<link::TlsStream> tls_;
};

}  // namespace vedette::swarm
