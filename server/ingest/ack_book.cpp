#include "server/ingest/ack_book.h"

#include <algorithm>

namespace vedette::ingest {

void AckSlot::durable(std::uint64_t stream, std::uint64_t last) {
  news_.with([&](News& news) {
    auto& known = news.streams[stream];
    known = std::max(known, last);
  });
}

void AckSlot::noted(std::uint64_t happening) {
  news_.with([&](News& news) {
    if (news.happenings.size() < wire::kMaxAckedHappenings) news.happenings.push_back(happening);
  });
}

wire::Ack AckSlot::take() {
  return news_.with([](News& news) {
    wire::Ack out;
    out.streams.reserve(news.streams.size());
    for (const auto& [stream, last] : news.streams) out.streams.push_back({stream, last});
    out.happenings = std::move(news.happenings);
    news = {};
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
    if (const auto slot = slot_of(mark.host)) slot->durable(mark.stream, mark.last);
  }
}

void AckBook::on_noted(domain::HostNumber host, std::uint64_t happening) {
  if (const auto slot = slot_of(host)) slot->noted(happening);
}

std::shared_ptr<AckSlot> AckBook::slot_of(domain::HostNumber host) {
  return slots_.with([&](auto& slots) {
    const auto it = slots.find(host);
    return it == slots.end() ? nullptr : it->second.lock();
  });
}

}  // namespace vedette::ingest
