// The way in: a bounded, refusing queue of batches, and how far each stream was accepted and made durable. Any thread,
// under its own lock; take() and committed() are the writer's.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "server/domain/tick.h"
#include "server/history/ahead.h"
#include "server/history/streams.h"

namespace vedette::history {

/// A stream's durable mark as live.db keeps it.
struct MarkRow {
  domain::StreamMark mark;
  units::Instant seen{};  ///< last time the stream was heard of
};

class Intake {
 public:
  struct Bounds {
    std::size_t cells = 4U << 20;  ///< waiting or being committed (16 B each in memory, 3 packed); more is refused
    std::size_t early_cells = 512U << 10;  ///< this many wake the writer before its time
    /// Of a host: the longest silent goes when one comes. Its mark must be in the database, or the database would tell
    /// of it again; so there may be more for a while, …
    std::size_t streams = 1'024;
    std::size_t most_streams = 4'096;  ///< … up to this: then the batch of another one is refused
  };
  explicit Intake(Bounds bounds) : bounds_(bounds) {}

  /// At start, before any submit.
  void load(const MarkRow& row);

  /// HistoryStore::submit. `now` is only kept as the stream's last sign of life, `epoch` is Accepted's.
  [[nodiscard]] bool submit(domain::SharedBatch batch, units::Instant now, std::uint32_t epoch = 0);
  [[nodiscard]] std::uint64_t resume_point(domain::HostNumber host, std::uint64_t stream) const;

  /// Waits until `until`, or earlier for much to commit, a task, a flush or close(). False once closed.
  [[nodiscard]] bool wait(units::Steady until);
  /// What is to be committed now; the same again until committed() is called.
  [[nodiscard]] std::vector<Accepted> take();
  /// What take() gave is in the database: the marks to tell; they may be saved from now on. Before its ticks can be
  /// sealed, so that no row is ever deleted whose marks are not known.
  [[nodiscard]] std::vector<domain::StreamMark> durable();
  /// What take() gave is in open chunks too. True if someone was refused room meanwhile.
  [[nodiscard]] bool committed();
  /// A failed commit releases those who wait in flush().
  void failed();

  /// Runs `task` on the writer's thread between commits. False when closed.
  [[nodiscard]] bool post(std::function<void()> task);
  [[nodiscard]] std::vector<std::function<void()>> take_tasks();

  /// Asks for a commit at once and waits for it. False if it failed or the writer is gone.
  [[nodiscard]] bool flush();
  void close();  ///< no more submits; wakes the writer
  [[nodiscard]] bool closed() const;
  void finished();  ///< the writer has left its loop

  /// The host's batches that no chunk holds yet.
  [[nodiscard]] std::vector<Accepted> waiting(domain::HostNumber host) const;

  /// Durable marks that changed since the last saved().
  [[nodiscard]] std::vector<MarkRow> unsaved_marks() const;
  /// Streams dropped for others since the last saved(): their marks are to be deleted.
  [[nodiscard]] std::vector<StreamKey> dropped() const;
  /// These marks, and the first `dropped` deletions, are in the database.
  void saved(std::span<const MarkRow> rows, std::size_t dropped = 0);
  /// Drops streams unheard of since `before`.
  void expire(units::Instant before);
  void forget(domain::HostNumber host);

  struct Counts {
    std::uint64_t duplicates = 0;  ///< ticks dropped because they had been accepted before
    std::uint64_t refused = 0;     ///< batches answered with false
    std::size_t waiting_ticks = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  [[nodiscard]] std::size_t held() const noexcept { return pending_cells_ + committing_cells_; }

  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, flushed_;
  std::vector<Accepted> pending_, committing_;
  std::size_t pending_cells_ = 0, committing_cells_ = 0;
  Streams streams_;
  std::vector<StreamKey> touched_;  ///< streams that sent only what they had sent before: told their mark again
  std::vector<StreamKey> dropped_;
  std::vector<std::function<void()>> tasks_;
  std::uint64_t cycles_ = 0, failures_ = 0;  ///< ended commits, for flush()
  std::uint64_t flush_until_ = 0;
  Counts counts_;
  bool taken_ = false;  ///< a commit is under way
  bool refusing_ = false, closed_ = false, finished_ = false;
};

}  // namespace vedette::history
