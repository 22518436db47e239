#include "server/ingest/ack_book.h"

#include <algorithm>

namespace vedette::ingest {

void AckSlot::durable(std::uint64_t stream, std::uint64_t last) {
  news_.with([&](auto& news) {
    auto& known = news[stream];
    known = std::max(known, last);
  });
}

std::vector<wire::Resume> AckSlot::take() {
  return news_.with([](auto& news) {
    std::vector<wire::Resume> out;
    out.reserve(news.size());
    for (const auto& [stream, last] : news) out.push_back({stream, last});
    news.clear();
    return out;
  });
}

std::shared_ptr<AckSlot> AckBook::open(domain::HostNumber host) {
  auto slot = std::make_shared<AckSlot>();
  slots_.with([&](auto& slots) { slots[host] = slot; });
  return slot;
}

void AckBook::on_commit(std::span<const domain::StreamMark> marks) {
  for (const domain::StreamMark& mark : marks) {
    const auto slot = slots_.with([&](auto& slots) {
      const auto it = slots.find(mark.host);
      return it == slots.end() ? nullptr : it->second.lock();
    });
    if (slot) slot->durable(mark.stream, mark.last);
  }
}

}  // namespace vedette::ingest
