// HistoryStore over SQLite: write-ahead rows in live.db, sealed chunks in raw-YYYYMMDD.db, and built from these the
// minutes in 1m-YYYYMM.db and the hours in 1h-YYYY.db (docs/storage.md).
//
// Two threads of its own: the writer (commits once a second) and the sealer (seals chunks, deletes their write-ahead
// rows, builds the tiers, checkpoints). The data directory has one owner; whoever opens the store holds its lock.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "server/domain/clock.h"
#include "server/domain/history_store.h"
#include "server/domain/queue.h"
#include "server/history/chunk_writer.h"
#include "server/history/intake.h"
#include "server/history/live_db.h"
#include "server/history/open_chunks.h"
#include "server/history/reader.h"
#include "server/history/registry.h"
#include "server/history/rows.h"
#include "server/history/space.h"
#include "server/history/tier_reader.h"
#include "server/history/trouble.h"

namespace vedette::history {

/// Where a test may stop the world: between what must be ordered.
enum class Step : std::uint8_t {
  row_committed,
  chunks_written,
  chunks_committed,
  rows_dropped,
  tier_committed,
  file_removed
};

struct Options {
  std::filesystem::path directory;
  units::Milliseconds commit_every{1000};
  units::Milliseconds checkpoint_every{250};
  SealRule seal{};
  Intake::Bounds intake{};
  std::size_t series_per_host = 16'384;
  std::size_t open_bytes = 1U << 30;  ///< packed ticks not sealed yet; above it commits wait for the sealer
  int log_pages = 16'384;             ///< pages of live.db's log not copied yet; above it commits wait
  units::Milliseconds streams_kept{std::chrono::days{30}};
  Space::Options space{};
  Keep keep{};
  units::Milliseconds retain_every{60'000};  ///< how often files are looked through for those to remove
  std::string vfs{};                         ///< SQLite's VFS by name; empty: the default
  std::function<void(Step)> on_step{};       ///< tests only; on the writer's or sealer's thread
};

class Store final : public domain::HistoryStore {
 public:
  /// Opens or makes the files, replays write-ahead rows. Errors name the file and what to do; nothing is changed then.
  [[nodiscard]] static units::Result<std::unique_ptr<Store>> open(const Options& options, const domain::Clock& clock);
  ~Store() override;

  /// Starts the threads; callbacks are set before.
  void start();

  units::Result<std::vector<domain::SeriesNumber>> assign(domain::HostNumber host,
                                                          std::span<const metrics::Series> series) override;
  [[nodiscard]] std::vector<domain::StoredSeries> series(domain::HostNumber host) const override;
  std::uint32_t boot_number(domain::HostNumber host, const BootId& boot_id) override;
  [[nodiscard]] std::uint32_t newest_boot(domain::HostNumber host) const override;
  [[nodiscard]] bool submit(domain::SharedBatch batch) override;
  [[nodiscard]] std::uint64_t resume_point(domain::HostNumber host, std::uint64_t stream) const override;
  void on_commit(Committed callback) override { committed_ = std::move(callback); }
  void on_room(std::function<void()> callback) override { room_ = std::move(callback); }
  [[nodiscard]] units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery& query) const override;
  [[nodiscard]] units::Result<std::vector<domain::CounterIncreases>> increases(
      const domain::IncreaseQuery& query) const override;
  [[nodiscard]] std::optional<units::Instant> newest(domain::HostNumber host) const override;
  [[nodiscard]] bool covered(domain::HostNumber host, units::Instant from, units::Instant to,
                             units::Milliseconds gap) const override;
  [[nodiscard]] domain::HistoryBudget budget() const override;
  /// What history takes on the disk, and what it may take; absent: unbounded. Bytes. Any thread.
  [[nodiscard]] std::uint64_t disk_bytes() const;
  [[nodiscard]] std::optional<std::uint64_t> budget_bytes() const noexcept { return options_.keep.budget; }
  units::Result<void> forget(domain::HostNumber host) override;
  [[nodiscard]] std::string trouble() const override;
  void stop() override;

  /// Commits what was submitted and waits for it; false if that failed. Any thread but the store's own.
  [[nodiscard]] bool flush() { return intake_.flush(); }
  /// Seals everything that is open, due or not, and waits for it. Any thread but the store's own.
  [[nodiscard]] bool seal_all();
  /// Builds whatever of the tiers is behind what is sealed, over or not, and waits for it. Any thread but the store's
  /// own.
  [[nodiscard]] bool build_all();

  /// Queries under way and later ones end with `unavailable`: nobody waits for their answers. Any thread.
  void interrupt_queries() { interrupted_ = true; }

  /// When the writer last began a round or, held back by the sealer, was seen to wait for it. Any thread.
  [[nodiscard]] units::Steady last_round() const { return units::Steady(units::Steady::duration(last_round_.load())); }

  struct Counts {
    std::uint64_t commits = 0, failed_commits = 0, ticks = 0, sealed_chunks = 0, failed_seals = 0;
    std::uint64_t built_slots = 0, expired_files = 0;
    Intake::Counts intake;
    OpenChunks::Counts open;
  };
  [[nodiscard]] Counts counts() const;

 private:
  static constexpr std::chrono::seconds kLongestQuery{10};
  using PutOff = std::map<StaleSlot, units::Steady>;
  Store(Options options, const domain::Clock& clock);
  [[nodiscard]] units::Result<domain::HistoryAnswer> query_once(const domain::HistoryQuery& query, units::Instant from,
                                                                units::Instant to) const;
  [[nodiscard]] units::Result<std::vector<domain::CounterIncreases>> increases_once(
      const domain::IncreaseQuery& query) const;
  /// A file that goes while it is read may leave a hole that a coarser one would have filled.
  template <class Read>
  auto read_again_if_removed(Read read) const {
    const std::uint64_t removals = files_.removals();
    auto found = read();
    return files_.removals() == removals ? found : read();
  }
  [[nodiscard]] units::Result<void> load();
  [[nodiscard]] units::Result<void> check_complete() const;
  [[nodiscard]] units::Result<void> replay();
  [[nodiscard]] units::Result<void> look_ahead(const RegistryRows& known);
  [[nodiscard]] Summarizer::Earlier earlier_of(domain::HostNumber host) const { return earlier_of(reader_, host); }
  [[nodiscard]] static Summarizer::Earlier earlier_of(const Reader& reader, domain::HostNumber host);
  [[nodiscard]] TierReader::Sink while_wanted(TierReader::Sink sink, const std::stop_token& gone) const;
  /// The step that isn't over yet, if the answer has it.
  [[nodiscard]] std::optional<domain::Incomplete> open_step(const domain::HistoryAnswer& answer) const;
  [[nodiscard]] units::Result<Rows> sealed_ticks(domain::HostNumber host, Slot slot);

  void write_loop();
  void turned() { last_round_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
  void commit();
  void wait_for_sealer();
  [[nodiscard]] units::Result<void> commit_row(std::span<const Accepted> batches);

  void seal_loop();
  [[nodiscard]] bool seal(bool all);
  [[nodiscard]] units::Result<void> seal_due(bool all);
  [[nodiscard]] units::Result<void> seal_some(std::span<const SharedChunk> chunks);
  [[nodiscard]] units::Result<void> seal_day(Day day, std::span<const SharedChunk> chunks);
  [[nodiscard]] units::Result<void> forget_chunks(domain::HostNumber host);
  [[nodiscard]] bool build_tiers(bool all);
  [[nodiscard]] bool build(Tier tier, bool all);
  [[nodiscard]] std::vector<StaleSlot> to_build(Tier tier, bool all);
  void put_off(Tier tier, const StaleSlot& slot, const units::Error& error);
  void mark_again(Tier tier, Period period);
  void mark_missing(Tier tier);
  [[nodiscard]] units::Result<TierRows> rows_of(Tier tier, domain::HostNumber host, Slot slot,
                                                std::span<Source> sources);
  [[nodiscard]] units::Result<void> or_set_aside(Tier tier, Period period,
                                                 const std::function<units::Result<void>()>& write);
  void report_damage(const std::string& words);
  [[nodiscard]] units::Result<void> drop_rows();
  void checkpoint();
  void watch_space();
  void retain();
  [[nodiscard]] bool doubts_clock(units::Steady steady, units::Instant now);
  [[nodiscard]] std::vector<TierFile> files_on_disk(bool begins) const;
  [[nodiscard]] std::uint64_t others_on_disk() const;
  [[nodiscard]] ChunkWriter make_writer(Tier tier);
  [[nodiscard]] PutOff& put_off_of(Tier tier) noexcept { return put_off_[static_cast<std::size_t>(tier)]; }
  [[nodiscard]] ChunkWriter& writer(Tier tier) noexcept { return writers_[static_cast<std::size_t>(tier)]; }
  void step(Step at) const {
    if (options_.on_step) options_.on_step(at);
  }

  const Options options_;
  const domain::Clock& clock_;
  Registry registry_;
  Intake intake_;
  OpenChunks open_;
  TierFiles files_;
  Reader reader_;
  TierReader tier_reader_;
  Reader sealed_;  ///< what tiers are built from: what a crash may lose isn't in it, and marks them once it is
  TierReader sealed_tiers_;
  Space space_;
  Trouble trouble_;
  Committed committed_;
  std::function<void()> room_;

  std::optional<LiveDb> write_db_;  ///< the writer's
  std::int64_t last_row_ =
      0;  ///< the writer's; may start anew after a restart, but above every row that `forgotten` names
  std::optional<LiveDb> seal_db_;       ///< the sealer's
  std::array<ChunkWriter, 3> writers_;  ///< the sealer's, by tier
  std::array<PutOff, 3> put_off_;       ///< the sealer's, by tier: what couldn't be built, and when to try again
  std::vector<SharedChunk> unsealed_;   ///< the sealer's: taken, but not committed yet
  std::int64_t dropped_below_ = 0;      ///< the sealer's
  std::optional<std::pair<units::Steady, units::Instant>>
      retained_;                                ///< the sealer's: when files were last looked through
  std::optional<units::Steady> doubted_until_;  ///< the sealer's: no file goes for its age
  bool shed_ = false;                           ///< the sealer's: a file went for the full disk

  domain::BoundedQueue<std::function<void()>> sealer_tasks_{64, domain::Overflow::block};
  std::atomic<int> log_backlog_{0};
  std::atomic<bool> interrupted_{false};
  std::atomic<std::uint64_t> damages_{0};  ///< times that something was found damaged
  std::atomic<units::Steady::rep> last_round_{std::chrono::steady_clock::now().time_since_epoch().count()};
  std::atomic<std::uint64_t> seal_rounds_{0};  ///< counted up by the sealer; the writer waits on it when it is ahead
  std::atomic<std::uint64_t> commits_{0}, failed_commits_{0}, ticks_{0}, sealed_chunks_{0}, failed_seals_{0},
      built_slots_{0}, expired_files_{0};
  std::thread writer_, sealer_;
};

}  // namespace vedette::history
