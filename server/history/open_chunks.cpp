#include "server/history/open_chunks.h"

#include <algorithm>

namespace vedette::history {

using domain::HostNumber;

namespace {

bool holdable(HostNumber host, const domain::Tick& tick) {
  return domain::index(host) >= 1 && domain::index(host) <= kMaxHost && tick.cells.size() <= kMaxCells &&
         tick.at >= kFirstInstant && tick.at < kEndInstant;
}

}  // namespace

OpenChunk& OpenChunks::chunk(HostNumber host, Slot slot, std::int64_t row, units::Instant now, units::Steady steady) {
  auto& chunks = open_[domain::index(host)];
  for (auto it = chunks.rbegin(); it != chunks.rend(); ++it) {
    if ((*it)->slot == slot) return **it;
  }
  auto made = std::make_shared<OpenChunk>();
  made->host = host;
  made->slot = slot;
  made->first_row = row;
  made->opened = steady;
  made->late = now >= slot_begin(slot + 1) + rule_.grace;
  return *chunks.emplace_back(std::move(made));
}

void OpenChunks::append(std::int64_t row, std::span<const Accepted> batches, units::Instant now, units::Steady steady) {
  const std::lock_guard lock(mutex_);
  for (const auto& [batch, skip, epoch, bytes] : batches) {
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) {
      const auto& tick = batch->ticks[n];
      if (!holdable(batch->host, tick)) {
        ++left_out_;
        continue;
      }
      OpenChunk& open = chunk(batch->host, slot_of(tick.at), row, now, steady);
      const std::size_t before = open.ticks.size();
      open.ticks.append(tick, epoch);
      open.touched = steady;
      bytes_ += open.ticks.size() - before;
    }
  }
  applied_ = row;
}

bool OpenChunks::due(const OpenChunk& chunk, units::Instant now, units::Steady steady) const {
  if (chunk.ticks.size() >= rule_.chunk_bytes) return true;
  if (now < slot_begin(chunk.slot + 1) + rule_.grace) return false;
  return !chunk.late || steady - chunk.touched >= rule_.idle || steady - chunk.opened >= rule_.late_age;
}

std::vector<SharedChunk> OpenChunks::take_due(units::Instant now, units::Steady steady, std::size_t limit, bool all) {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<OpenChunk>> found;
  for (auto& [host, chunks] : open_) {
    for (auto& chunk : chunks) {
      if (all || due(*chunk, now, steady)) found.push_back(chunk);
    }
  }
  std::ranges::sort(found, {}, [](const auto& chunk) { return std::pair(chunk->slot, chunk->host); });
  if (found.size() > limit) found.resize(limit);
  for (const auto& chunk : found) {
    auto& open = open_[domain::index(chunk->host)];
    std::erase(open, chunk);
    if (open.empty()) open_.erase(domain::index(chunk->host));
    sealing_[domain::index(chunk->host)].push_back(chunk);
  }
  return {found.begin(), found.end()};
}

void OpenChunks::sealed(std::span<const SharedChunk> chunks) {
  const std::lock_guard lock(mutex_);
  for (const auto& chunk : chunks) {
    const auto host = sealing_.find(domain::index(chunk->host));
    if (host == sealing_.end()) continue;
    if (std::erase_if(host->second, [&](const auto& other) { return other == chunk; }) > 0) {
      bytes_ -= chunk->ticks.size();
    }
    if (host->second.empty()) sealing_.erase(host);
  }
}

std::int64_t OpenChunks::needed_from() const {
  const std::lock_guard lock(mutex_);
  std::int64_t oldest = applied_ + 1;
  for (const auto* side : {&open_, &sealing_}) {
    for (const auto& [host, chunks] : *side) {
      for (const auto& chunk : chunks) oldest = std::min(oldest, chunk->first_row);
    }
  }
  return oldest;
}

std::vector<SharedChunk> OpenChunks::snapshot(HostNumber host, Slot from, Slot to) const {
  const auto within = [&](const auto& chunk) { return chunk->slot >= from && chunk->slot <= to; };
  std::vector<SharedChunk> found;
  const std::lock_guard lock(mutex_);
  if (const auto it = sealing_.find(domain::index(host)); it != sealing_.end()) {
    std::ranges::copy_if(it->second, std::back_inserter(found), within);
  }
  if (const auto it = open_.find(domain::index(host)); it != open_.end()) {
    for (const auto& chunk : it->second) {
      if (within(chunk)) found.push_back(std::make_shared<const OpenChunk>(*chunk));
    }
  }
  return found;
}

std::set<Slot> OpenChunks::slots(HostNumber host) const {
  std::set<Slot> found;
  const std::lock_guard lock(mutex_);
  for (const auto* side : {&open_, &sealing_}) {
    const auto it = side->find(domain::index(host));
    if (it == side->end()) continue;
    for (const auto& chunk : it->second) found.insert(chunk->slot);
  }
  return found;
}

void OpenChunks::forget(HostNumber host) {
  const std::lock_guard lock(mutex_);
  for (auto* side : {&open_, &sealing_}) {
    const auto it = side->find(domain::index(host));
    if (it == side->end()) continue;
    for (const auto& chunk : it->second) bytes_ -= chunk->ticks.size();
    side->erase(it);
  }
}

OpenChunks::Counts OpenChunks::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts{.chunks = 0, .bytes = bytes_, .left_out = left_out_};
  for (const auto* side : {&open_, &sealing_}) {
    for (const auto& [host, chunks] : *side) counts.chunks += chunks.size();
  }
  return counts;
}

}  // namespace vedette::history
