#include "server/processes/store.h"

#include <algorithm>

#include "schema/units/log.h"

namespace vedette::processes {

using domain::HostNumber;
using domain::ProcessList;
using units::ErrorCode;
using units::Instant;
using units::Result;

namespace {

constexpr units::Milliseconds kAhead{60'000};
constexpr std::size_t kWaitingCosts = 64;  // beside its row

std::size_t weight(const Waiting& list) {
  return list.row.size() + kWaitingCosts;
}

}  // namespace

Store::Store(Options options, const domain::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      reader_(options_.directory, options_.vfs, [this](const std::string& words) { report_damage(words); }),
      files_(options_.directory, options_.vfs, [this](const std::string& words) { report_damage(words); }),
      queue_(options_.waiting_bytes, domain::Overflow::reject),
      retention_(options_.keep) {}

Store::~Store() {
  stop();
}

void Store::start() {
  thread_ = std::thread([this] { write_loop(); });
}

void Store::stop() {
  queue_.close();
  closing_.close();
  if (thread_.joinable()) thread_.join();
}

bool Store::submit(HostNumber host, std::uint64_t id, const ProcessList& list) {
  Waiting waiting{host, id, list.at, encode_row(list)};
  const std::size_t bytes = weight(waiting);
  return queue_.push(std::move(waiting), bytes);
}

Result<std::vector<ProcessList>> Store::lists(HostNumber host, Instant from, Instant to) const {
  return reader_.lists(host, from, to);
}

Result<std::optional<ProcessList>> Store::nearest(HostNumber host, Instant at, units::Milliseconds within) const {
  return reader_.nearest(host, at, within);
}

Result<void> Store::forget(HostNumber host) {
  return files_.with([&](FilesWriter& files) { return files.forget(host); });
}

Store::Counts Store::counts() const {
  return {stored_count_, queue_.refused(), dropped_, failed_commits_};
}

std::uint64_t Store::disk_bytes() const {
  std::uint64_t bytes = 0;
  for (const Day day : days_in(options_.directory).value_or(std::vector<Day>{})) {
    for (const char* suffix : {"", "-wal"}) {
      std::error_code missing;
      const auto size = std::filesystem::file_size(options_.directory / (file_name(day) + suffix), missing);
      if (!missing) bytes += size;
    }
  }
  return bytes;
}

void Store::write_loop() {
  for (bool running = true; running;) {
    (void)closing_.pop_for(options_.commit_every);
    running = !closing_.closed();  // the queue is closed before: this round takes what is left
    take();
    commit();
    retain();
    checkpoint();
  }
}

// What finds no room here waits in the queue, and when that is full at the agents.
void Store::take() {
  while (pending_bytes_ < options_.waiting_bytes) {
    auto one = queue_.pop_for(units::Milliseconds{0});
    if (!one) return;
    pending_bytes_ += weight(*one);
    pending_[day_of(one->at)].push_back(std::move(*one));
  }
}

bool Store::timely(Instant at, Instant now) const {
  return at >= now - options_.keep && at <= now + kAhead;
}

void Store::told(std::span<const Waiting> lists) {
  for (const Waiting& one : lists) {
    pending_bytes_ -= weight(one);
    if (stored_) stored_(one.host, one.id);
  }
}

// Day by day: one whose file can't be written keeps no other from being stored.
void Store::commit() {
  if (pending_.empty()) return;
  const Instant now = clock_.now();
  Result<void> all;
  for (auto it = pending_.begin(); it != pending_.end();) {
    auto& lists = it->second;
    const auto untimely = std::ranges::stable_partition(lists, [&](const Waiting& one) { return timely(one.at, now); });
    dropped_ += untimely.size();
    told(untimely);
    lists.erase(untimely.begin(), untimely.end());
    auto done = lists.empty() ? Result<void>() : commit_day(it->first, lists);
    if (done) {
      stored_count_ += lists.size();
      told(lists);
      it = pending_.erase(it);
    } else {
      if (all) all = std::move(done);
      ++it;
    }
  }
  if (all) {
    if (trouble_.well(Trouble::Part::writing)) units::log(units::Level::notice, "lists of processes are stored again");
    return;
  }
  ++failed_commits_;
  if (trouble_.failed(Trouble::Part::writing, now, all.error().message)) {
    units::log_error("lists of processes can't be stored; agents keep them", {{"error", all.error().message}});
  }
}

Result<void> Store::commit_day(Day day, std::span<const Waiting> lists) {
  if (auto room = need_room(); !room) return room;
  return files_.with([&](FilesWriter& files) { return files.add(day, lists); });
}

// History needs the last of the disk to seal what it has (server/history/space.h).
Result<void> Store::need_room() const {
  if (options_.least_free == 0) return {};
  std::error_code error;
  const auto space = std::filesystem::space(options_.directory, error);
  if (error || space.available >= options_.least_free) return {};
  return units::fail(ErrorCode::io, "disk full: " + std::to_string(space.available / 1'000'000) +
                                        " MB free; no list of processes is stored below " +
                                        std::to_string(options_.least_free / 1'000'000) + " MB");
}

void Store::retain() {
  const units::Steady steady = clock_.steady();
  if (retained_ != units::Steady{} && steady - retained_ < options_.retain_every) return;
  retained_ = steady;
  const auto days = days_in(options_.directory);
  if (!days) return;
  for (const Day day : retention_.expired(*days, clock_.now(), steady)) {
    const std::string name = file_name(day);
    if (auto done = files_.with([&](FilesWriter& files) { return files.remove(day); }); !done) {
      units::log_error("old lists of processes can't be removed; remove the file by hand",
                       {{"file", name}, {"error", done.error().message}});
      continue;
    }
    units::log(units::Level::notice, "old lists of processes were removed", {{"file", name}});
  }
}

void Store::checkpoint() {
  const units::Steady steady = clock_.steady();
  if (steady - checkpointed_ < options_.checkpoint_every) return;
  checkpointed_ = steady;
  // What couldn't be copied is copied next time; commits tell of a disk that fails.
  (void)files_.with([](FilesWriter& files) { return files.checkpoint(); });
}

void Store::report_damage(const std::string& words) const {
  if (trouble_.failed(Trouble::Part::damage, clock_.now(), words)) {
    units::log_error("lists of processes were found damaged", {{"error", words}});
  }
}

}  // namespace vedette::processes
