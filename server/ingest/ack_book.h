// What is durable of each connected host's streams and of what it reported: written by the history writer after each
// commit and by the control thread, read by the host's connection when its next Ack is due. Nothing is posted between
// them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "schema/wire/messages.h"
#include "server/domain/guarded.h"
#include "server/domain/tick.h"

namespace vedette::ingest {

/// One connection's durable marks. Any thread.
class AckSlot {
 public:
  void durable(std::uint64_t stream, std::uint64_t last);
  void noted(std::uint64_t happening);
  /// What became durable since the last call; of happenings as many as an Ack holds.
  [[nodiscard]] wire::Ack take();

 private:
  struct News {
    std::map<std::uint64_t, std::uint64_t> streams;
    std::vector<std::uint64_t> happenings;  ///< bounded: what doesn't fit is told again
  };
  domain::Guarded<News> news_;
};

/// Any thread.
class AckBook {
 public:
  /// A host's connection takes its slot, before it asks the store for resume points. The one before gets no more.
  [[nodiscard]] std::shared_ptr<AckSlot> open(domain::HostNumber host);
  /// For HistoryStore::on_commit.
  void on_commit(std::span<const domain::StreamMark> marks);
  void on_noted(domain::HostNumber host, std::uint64_t happening);

 private:
  [[nodiscard]] std::shared_ptr<AckSlot> slot_of(domain::HostNumber host);

  domain::Guarded<std::unordered_map<domain::HostNumber, std::weak_ptr<AckSlot>>> slots_;
};

}  // namespace vedette::ingest
