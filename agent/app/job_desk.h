// Takes what jobs report, and tells it: series of the last runs, a happening at each end. One owner thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/collect/source.h"
#include "agent/jobs/book.h"
#include "agent/jobs/socket.h"
#include "agent/watch/happening.h"
#include "agent/watch/outbox.h"

namespace vedette::app {

class JobDesk {
 public:
  /// `state`: where what is known of jobs is kept for the next run. `run`: this one's.
  JobDesk(const std::string& state, const wire::Id128& run);

  /// Listens there. Where that can't be done it is logged, and no job is heard of.
  void open(const std::string& socket);
  [[nodiscard]] int descriptor() const noexcept { return socket_ ? socket_->descriptor() : -1; }
  /// Takes what came. `host`: the host's time.
  void take(units::Instant host, watch::Outbox<wire::Happening>& outbox);

  /// The series of `jobs`, for the collector. `host` tells the host's time; the desk must outlive it.
  [[nodiscard]] std::unique_ptr<collect::Source> source(std::function<units::Instant()> host);

 private:
  void take(const jobs::JobReport& report, std::uint32_t user, units::Instant host,
            watch::Outbox<wire::Happening>& outbox);
  void save() const;
  void refuse(const units::Error& error);

  std::string file_;
  wire::Id128 run_;
  jobs::Book book_;
  std::optional<jobs::JobSocket> socket_;
  std::set<std::string> refused_;  ///< words that were logged, so that no job can fill the log
};

}  // namespace vedette::app
