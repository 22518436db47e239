// ProcessRecords over SQLite: a file a UTC day (docs/storage.md). One thread of its own commits once a second what
// came, removes files that are too old and checkpoints. The data directory has one owner; whoever makes the store holds
// its lock.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "server/domain/clock.h"
#include "server/domain/guarded.h"
#include "server/domain/process_records.h"
#include "server/domain/queue.h"
#include "server/processes/files.h"
#include "server/processes/retention.h"
#include "server/processes/trouble.h"

namespace vedette::processes {

struct Options {
  std::filesystem::path directory;
  units::Milliseconds keep{std::chrono::days{7}};  ///< older lists aren't taken; a day's file goes when all of it is
  units::Milliseconds commit_every{1'000};
  units::Milliseconds checkpoint_every{10'000};
  units::Milliseconds retain_every{60'000};
  std::size_t waiting_bytes = 4U << 20;  ///< of lists that wait for their turn; above it submit() says no
  std::uint64_t least_free = 16U << 20;  ///< bytes of the disk, below which nothing is stored; 0: doesn't look
  std::string vfs{};                     ///< SQLite's VFS by name; empty: the default
};

class Store final : public domain::ProcessRecords {
 public:
  /// Opens nothing yet: a damaged file keeps nobody from starting. The clock must outlive the store.
  Store(Options options, const domain::Clock& clock);
  /// Stops, if nobody did.
  ~Store() override;

  void start();
  /// Commits what was submitted and ends the thread. After it submit() returns false.
  void stop();

  [[nodiscard]] bool submit(domain::HostNumber host, std::uint64_t id, const domain::ProcessList& list) override;
  void on_stored(Stored callback) override { stored_ = std::move(callback); }
  [[nodiscard]] units::Result<std::vector<domain::ProcessList>> lists(domain::HostNumber host, units::Instant from,
                                                                      units::Instant to) const override;
  [[nodiscard]] units::Result<std::optional<domain::ProcessList>> nearest(domain::HostNumber host, units::Instant at,
                                                                          units::Milliseconds within) const override;
  units::Result<void> forget(domain::HostNumber host) override;
  [[nodiscard]] std::string trouble() const override { return trouble_.words(); }

  struct Counts {
    std::uint64_t stored = 0;   ///< lists, those included that were there already
    std::uint64_t refused = 0;  ///< found no room; their agents keep them
    std::uint64_t dropped = 0;  ///< too old, or ahead of the clock
    std::uint64_t failed_commits = 0;
  };
  /// Any thread.
  [[nodiscard]] Counts counts() const;
  /// What the files and their logs take. Any thread.
  [[nodiscard]] std::uint64_t disk_bytes() const;

 private:
  void write_loop();
  void take();
  void commit();
  [[nodiscard]] units::Result<void> commit_day(Day day, std::span<const Waiting> lists);
  [[nodiscard]] units::Result<void> need_room() const;
  [[nodiscard]] bool timely(units::Instant at, units::Instant now) const;
  void told(std::span<const Waiting> lists);
  void retain();
  void checkpoint();
  void report_damage(const std::string& words) const;

  const Options options_;
  const domain::Clock& clock_;
  mutable Trouble trouble_;
  FilesReader reader_;
  domain::Guarded<FilesWriter> files_;  ///< the thread's, and forget()'s
  Stored stored_;

  domain::BoundedQueue<Waiting> queue_;
  domain::BoundedQueue<int> closing_{1, domain::Overflow::reject};  ///< closed to wake the thread for its end
  std::map<Day, std::vector<Waiting>> pending_;                     ///< the thread's: taken, but not durable
  std::size_t pending_bytes_ = 0;                                   ///< the thread's
  Retention retention_;                                             ///< the thread's
  units::Steady retained_{}, checkpointed_{};                       ///< the thread's
  std::atomic<std::uint64_t> stored_count_{0}, dropped_{0}, failed_commits_{0};
  std::thread thread_;
};

}  // namespace vedette::processes
