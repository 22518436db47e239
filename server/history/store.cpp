#include "server/history/store.h"

#include <algorithm>
#include <future>

#include "server/history/answer.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr units::Milliseconds kLongestStep{std::chrono::days{366}};

// The coarsest whose rows fill such steps exactly.
Tier tier_for(units::Milliseconds step) noexcept {
  for (const Tier tier : {Tier::hour, Tier::minute}) {
    if (step.count() > 0 && step % row_length(tier) == units::Milliseconds{0}) return tier;
  }
  return Tier::raw;
}

}  // namespace

Store::Store(Options options, const domain::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      registry_(std::min<std::size_t>(options_.series_per_host, kGroups * kGroupWidth)),
      intake_(options_.intake),
      open_(options_.seal),
      files_(options_.directory, options_.vfs),
      reader_(files_.of(Tier::raw), open_, intake_, clock_, [this](const std::string& words) { report_damage(words); }),
      tier_reader_(files_, reader_, clock_, [this](const std::string& words) { report_damage(words); }),
      sealed_(files_.of(Tier::raw), clock_, [this](const std::string& words) { report_damage(words); }),
      sealed_tiers_(files_, sealed_, clock_, [this](const std::string& words) { report_damage(words); }),
      space_(options_.directory, options_.space),
      writers_{{make_writer(Tier::raw), make_writer(Tier::minute), make_writer(Tier::hour)}} {}

ChunkWriter Store::make_writer(Tier tier) {
  return {files_.of(tier), tier == Tier::hour ? nullptr : &files_.of(coarser(tier)),
          [this](const std::string& words) { report_damage(words); }};
}

Store::~Store() {
  stop();
}

Result<std::unique_ptr<Store>> Store::open(const Options& options, const domain::Clock& clock) {
  std::unique_ptr<Store> store(new Store(options, clock));
  auto loaded = store->load();
  // A start on a full disk: what the reserve held is enough to open the files.
  if (!loaded && loaded.error().code == ErrorCode::io && Space::release(options.directory)) {
    store.reset(new Store(options, clock));
    loaded = store->load();
  }
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return store;
}

void Store::start() {
  sealer_ = std::thread([this] { seal_loop(); });
  writer_ = std::thread([this] { write_loop(); });
}

void Store::stop() {
  intake_.close();
  if (writer_.joinable()) writer_.join();
  intake_.finished();
  sealer_tasks_.close();
  if (sealer_.joinable()) sealer_.join();
}

Result<std::vector<domain::SeriesNumber>> Store::assign(HostNumber host, std::span<const metrics::Series> series) {
  return registry_.assign(host, series);
}

std::vector<domain::StoredSeries> Store::series(HostNumber host) const {
  return registry_.series(host);
}

std::uint32_t Store::boot_number(HostNumber host, const BootId& boot_id) {
  return registry_.boot_number(host, boot_id);
}

std::uint32_t Store::newest_boot(HostNumber host) const {
  return registry_.newest_boot(host);
}

bool Store::submit(domain::SharedBatch batch) {
  if (batch && (domain::index(batch->host) == 0 || domain::index(batch->host) > kMaxHost)) return true;
  std::optional<units::Instant> newest;
  if (batch) {
    for (const auto& tick : batch->ticks) newest = newest ? std::max(*newest, tick.at) : tick.at;
  }
  if (!newest) return intake_.submit(std::move(batch), clock_.now());
  const HostNumber host = batch->host;
  // Only live ticks tell: what is backfilled lies before others as a rule.
  const std::uint32_t epoch =
      batch->live ? registry_.epoch_at(host, batch->ticks.front().at, clock_.now()) : registry_.epoch(host);
  if (!intake_.submit(std::move(batch), clock_.now(), epoch)) return false;
  registry_.seen(host, *newest, epoch);
  return true;
}

std::uint64_t Store::resume_point(HostNumber host, std::uint64_t stream) const {
  return intake_.resume_point(host, stream);
}

// Nobody waits for an answer once queries are interrupted.
TierReader::Sink Store::while_wanted(TierReader::Sink sink, const std::stop_token& gone) const {
  const auto wanted = [this, gone]() -> Result<void> {
    if (interrupted_) return units::fail(ErrorCode::unavailable, "the store is stopping");
    if (gone.stop_requested()) return units::fail(ErrorCode::unavailable, "nobody waits for the answer");
    return {};
  };
  return {[wanted, ticks = std::move(sink.ticks)](const Rows& rows, std::int64_t from, std::int64_t to) {
            auto on = wanted();
            return on ? ticks(rows, from, to) : on;
          },
          [wanted, take = std::move(sink.rows)](const TierRows& rows) {
            auto on = wanted();
            return on ? take(rows) : on;
          }};
}

Summarizer::Earlier Store::earlier_of(const Reader& reader, domain::HostNumber host) {
  return [&reader, host](std::int64_t time, std::span<const std::uint32_t> series) {
    return reader.newest_samples(host, slot_of(units::from_unix_ms(time)), kSeriesLookBack, series);
  };
}

Result<domain::HistoryAnswer> Store::query(const domain::HistoryQuery& query) const {
  if (query.from > query.to) return units::fail(ErrorCode::invalid, "from lies after to");
  if (query.step < units::Milliseconds{0} || query.step > kLongestStep) {
    return units::fail(ErrorCode::invalid, "step must be between 0 (raw) and 366 days");
  }
  const units::Instant from = std::clamp(query.from, kFirstInstant, kEndInstant);
  const units::Instant to = std::clamp(query.to, kFirstInstant, kEndInstant);
  return read_again_if_removed([&] { return query_once(query, from, to); });
}

Result<domain::HistoryAnswer> Store::query_once(const domain::HistoryQuery& query, units::Instant from,
                                                units::Instant to) const {
  AnswerBuilder answer(query, registry_.series(query.host), earlier_of(query.host));
  // No row of a tier tells how samples were spread.
  const Tier tier = query.aggregates.contains(domain::Aggregate::percentile_95) ? Tier::raw : tier_for(query.step);
  // Whole rows at both ends, whatever they come from.
  const std::int64_t row = std::max<std::int64_t>(1, row_length(tier_for(query.step)).count());
  const std::int64_t first = units::unix_ms(from) / row * row, last = units::unix_ms(to) / row * row + row - 1;
  Lacks lacks;
  if (!answer.wanted().empty()) {
    const TierReader::Query read{
        .host = query.host,
        .from = first,
        .to = last,
        .tier = tier,
        .wanted = answer.wanted(),
        .sources = answer.sources(),
        .look_back = answer.needs_earlier() ? (query.step.count() == 0 ? kSlotsPerDay : kLookBack) : 0,
        .until = clock_.steady() + kLongestQuery,
        .lacks = &lacks};
    const TierReader::Sink sink = while_wanted(
        {[&](const Rows& rows, std::int64_t begin, std::int64_t end) { return answer.feed(rows, begin, end); },
         [&](const TierRows& rows) { return answer.feed(rows); }},
        query.gone);
    const bool raw = query.step.count() == 0;
    auto done = raw ? tier_reader_.read_ticks(read, sink) : tier_reader_.read(read, sink);
    if (done && raw) done = tier_reader_.look_for_removed(read);
    if (!done) return std::unexpected(std::move(done.error()));
  }
  auto found = std::move(answer).finish();
  found.tier = name_of(tier);
  found.incomplete = std::move(lacks).within(first, last + 1);
  if (auto open = open_step(found)) found.incomplete.push_back(std::move(*open));
  return found;
}

std::optional<domain::Incomplete> Store::open_step(const domain::HistoryAnswer& answer) const {
  const std::int64_t step = answer.step.count(), now = units::unix_ms(clock_.now());
  if (step == 0) return std::nullopt;
  const std::int64_t begin = floor_to(now, step);
  const bool told = std::ranges::any_of(answer.series,
                                        [&](const auto& columns) { return units::unix_ms(columns.t.back()) == begin; });
  if (!told) return std::nullopt;
  return domain::Incomplete{Lacks::Why::open, units::from_unix_ms(begin), units::from_unix_ms(begin + step),
                            answer.tier};
}

std::optional<units::Instant> Store::newest(HostNumber host) const {
  if (const auto known = registry_.newest(host)) return known;
  return reader_.newest_stored(host).value_or(std::nullopt);
}

bool Store::covered(HostNumber host, units::Instant from, units::Instant to, units::Milliseconds gap) const {
  if (from >= to) return true;
  std::int64_t before = units::unix_ms(from);
  bool whole = true;
  const auto reach = [&](std::int64_t time) {
    whole = whole && time - before <= gap.count();
    before = time;
  };
  auto read = reader_.read({host, slot_of(from), slot_of(to)}, {}, [&](const Rows& rows) -> Result<void> {
    for (const auto time : rows.times) {
      if (time > units::unix_ms(from) && time < units::unix_ms(to)) reach(time);
    }
    return {};
  });
  reach(units::unix_ms(to));
  return read && whole;
}

Result<void> Store::forget(HostNumber host) {
  // On the writer's thread between two commits: all rows up to last_row_ are known then.
  const auto forgotten = std::make_shared<std::promise<Result<void>>>();
  const auto posted = intake_.post([this, host, forgotten] {
    intake_.forget(host);
    registry_.forget(host);
    open_.forget(host);
    forgotten->set_value(write_db_->forget(host, last_row_));
  });
  if (!posted) return units::fail(ErrorCode::unavailable, "the store is stopping");
  if (auto done = forgotten->get_future().get(); !done) return done;
  const auto deleted = std::make_shared<std::promise<Result<void>>>();
  if (!sealer_tasks_.push([this, host, deleted] { deleted->set_value(forget_chunks(host)); })) {
    return units::fail(ErrorCode::unavailable, "the store is stopping");
  }
  return deleted->get_future().get();
}

Result<void> Store::forget_chunks(HostNumber host) {
  Result<void> all;
  std::erase_if(unsealed_, [&](const auto& chunk) { return chunk->host == host; });
  for (const Tier tier : kTiers) {
    auto done = writer(tier).forget(host);
    if (!done && all) all = std::move(done);
  }
  return all;
}

std::string Store::trouble() const {
  return trouble_.words(intake_.counts().waiting_ticks);
}

bool Store::seal_all() {
  if (!flush()) return false;
  const auto done = std::make_shared<std::promise<bool>>();
  if (!sealer_tasks_.push([this, done] { done->set_value(seal(true)); })) return false;
  return done->get_future().get();
}

bool Store::build_all() {
  const auto done = std::make_shared<std::promise<bool>>();
  if (!sealer_tasks_.push([this, done] { done->set_value(build_tiers(true)); })) return false;
  return done->get_future().get();
}

Store::Counts Store::counts() const {
  return {commits_,     failed_commits_, ticks_,           sealed_chunks_, failed_seals_,
          built_slots_, expired_files_,  intake_.counts(), open_.counts()};
}

}  // namespace vedette::history
