#include "server/history/intake.h"

#include <algorithm>
#include <numeric>

namespace vedette::history {

using domain::HostNumber;

namespace {

std::size_t cells_of(const Accepted& accepted) {
  const auto& ticks = accepted.batch->ticks;
  return std::accumulate(ticks.begin() + static_cast<std::ptrdiff_t>(accepted.skip), ticks.end(), std::size_t{0},
                         [](std::size_t sum, const domain::Tick& tick) { return sum + tick.cells.size() + 1; });
}

}  // namespace

void Intake::load(const MarkRow& row) {
  const std::lock_guard lock(mutex_);
  Streams::Stream& stream = streams_.at({row.mark.host, row.mark.stream});
  stream.accepted = stream.durable = std::max(stream.durable, row.mark.last);
  stream.seen = std::max(stream.seen, row.seen);
}

bool Intake::submit(domain::SharedBatch batch, units::Instant now, std::uint32_t epoch) {
  if (!batch || batch->ticks.empty()) return !closed();
  Accepted entry = accept(batch, 0, epoch);  // outside the lock, where all event loops may at once
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  const StreamKey key{batch->host, batch->stream};
  Streams::Stream* stream = streams_.find(key);
  const std::uint64_t accepted = stream == nullptr ? 0 : stream->accepted;
  const std::uint64_t last = batch->first + batch->ticks.size() - 1;
  const std::size_t skip =
      batch->first > accepted ? 0 : std::min<std::size_t>(accepted + 1 - batch->first, batch->ticks.size());
  if (skip == batch->ticks.size()) {
    counts_.duplicates += skip;
    touched_.push_back(key);
    return true;
  }
  if (skip > 0) entry = accept(std::move(batch), skip, epoch);
  const std::size_t cells = cells_of(entry);
  if (held() > 0 && held() + cells > bounds_.cells) {
    ++counts_.refused;
    refusing_ = true;
    wake_.notify_one();
    return false;
  }
  counts_.duplicates += skip;
  if (stream == nullptr) {
    if (const auto gone = streams_.make_room(key.first, bounds_.streams)) dropped_.push_back(*gone);
    if (streams_.of(key.first) >= bounds_.most_streams) {
      ++counts_.refused;
      return false;
    }
    stream = &streams_.at(key);
  }
  stream->accepted = last;
  stream->seen = now;
  pending_.push_back(std::move(entry));
  const bool was_early = pending_cells_ >= bounds_.early_cells;
  pending_cells_ += cells;
  if (!was_early && pending_cells_ >= bounds_.early_cells) wake_.notify_one();
  return true;
}

std::uint64_t Intake::resume_point(HostNumber host, std::uint64_t stream) const {
  const std::lock_guard lock(mutex_);
  const Streams::Stream* known = streams_.find({host, stream});
  return known == nullptr ? 0 : known->accepted;
}

bool Intake::wait(units::Steady until) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, until, [this] {
    return closed_ || !tasks_.empty() || flush_until_ > cycles_ ||
           (committing_.empty() && pending_cells_ >= bounds_.early_cells);
  });
  return !closed_;
}

std::vector<Accepted> Intake::take() {
  const std::lock_guard lock(mutex_);
  taken_ = true;
  if (committing_.empty()) {
    committing_.swap(pending_);
    committing_cells_ = std::exchange(pending_cells_, 0);
  }
  return committing_;
}

std::vector<domain::StreamMark> Intake::durable() {
  const std::lock_guard lock(mutex_);
  std::vector<StreamKey> told = std::exchange(touched_, {});
  for (const Accepted& entry : committing_) {
    const auto& batch = *entry.batch;
    Streams::Stream* stream = streams_.find({batch.host, batch.stream});
    if (stream == nullptr) continue;  // forgotten meanwhile
    stream->durable = std::max(stream->durable, batch.first + batch.ticks.size() - 1);
    told.emplace_back(batch.host, batch.stream);
  }
  std::ranges::sort(told);
  const auto [end, last] = std::ranges::unique(told);
  told.erase(end, last);
  std::vector<domain::StreamMark> marks;
  marks.reserve(told.size());
  for (const auto& key : told) {
    const Streams::Stream* stream = streams_.find(key);
    if (stream == nullptr || stream->durable == 0) continue;
    marks.push_back({key.first, key.second, stream->durable});
  }
  return marks;
}

bool Intake::committed() {
  bool room = false;
  {
    const std::lock_guard lock(mutex_);
    committing_.clear();
    committing_cells_ = 0;
    room = std::exchange(refusing_, false);
    taken_ = false;
    ++cycles_;
  }
  flushed_.notify_all();
  return room;
}

void Intake::failed() {
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    ++cycles_;
    ++failures_;
  }
  flushed_.notify_all();
}

bool Intake::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (finished_ || closed_) return false;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

std::vector<std::function<void()>> Intake::take_tasks() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tasks_, {});
}

bool Intake::flush() {
  std::unique_lock lock(mutex_);
  // A commit may be under way with what was taken before, be it nothing: only the one after it surely holds everything.
  const std::uint64_t cycle = cycles_ + (taken_ || !committing_.empty() ? 2 : 1);
  const std::uint64_t failures = failures_;
  flush_until_ = std::max(flush_until_, cycle);
  wake_.notify_one();
  flushed_.wait(lock, [&] { return finished_ || cycles_ >= cycle || failures_ != failures; });
  return cycles_ >= cycle && failures_ == failures;
}

void Intake::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

bool Intake::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void Intake::finished() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  flushed_.notify_all();
}

std::vector<Accepted> Intake::waiting(HostNumber host) const {
  std::vector<Accepted> found;
  const std::lock_guard lock(mutex_);
  for (const auto* list : {&committing_, &pending_}) {
    std::ranges::copy_if(*list, std::back_inserter(found),
                         [&](const auto& entry) { return entry.batch->host == host; });
  }
  return found;
}

std::vector<MarkRow> Intake::unsaved_marks() const {
  std::vector<MarkRow> rows;
  const std::lock_guard lock(mutex_);
  streams_.each([&](const StreamKey& key, const Streams::Stream& stream) {
    if (stream.durable != stream.saved) rows.push_back({{key.first, key.second, stream.durable}, stream.seen});
  });
  return rows;
}

std::vector<StreamKey> Intake::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Intake::saved(std::span<const MarkRow> rows, std::size_t dropped) {
  const std::lock_guard lock(mutex_);
  dropped_.erase(dropped_.begin(), dropped_.begin() + static_cast<std::ptrdiff_t>(dropped));
  for (const auto& row : rows) {
    if (auto* stream = streams_.find({row.mark.host, row.mark.stream})) stream->saved = row.mark.last;
  }
}

void Intake::expire(units::Instant before) {
  const std::lock_guard lock(mutex_);
  streams_.erase_if([&](const Streams::Stream& stream) { return stream.seen < before && stream.settled(); });
}

void Intake::forget(HostNumber host) {
  const std::lock_guard lock(mutex_);
  const auto of_host = [&](const Accepted& entry) { return entry.batch->host == host; };
  for (const auto& entry : pending_) {
    if (of_host(entry)) pending_cells_ -= cells_of(entry);
  }
  for (const auto& entry : committing_) {
    if (of_host(entry)) committing_cells_ -= cells_of(entry);
  }
  std::erase_if(pending_, of_host);
  std::erase_if(committing_, of_host);
  streams_.forget(host);
}

Intake::Counts Intake::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  for (const auto* list : {&committing_, &pending_}) {
    for (const auto& entry : *list) counts.waiting_ticks += entry.batch->ticks.size() - entry.skip;
  }
  return counts;
}

}  // namespace vedette::history
