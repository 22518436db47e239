// What is durable of each connected host's streams: written by the history writer after each commit, read by the host's
// connection when its next Ack is due. Nothing is posted between them.
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
  /// What became durable since the last call.
  [[nodiscard]] std::vector<wire::Resume> take();

 private:
  domain::Guarded<std::map<std::uint64_t, std::uint64_t>> news_;
};

/// Any thread.
class AckBook {
 public:
  /// A host's connection takes its slot, before it asks the store for resume points. The one before gets no more.
  [[nodiscard]] std::shared_ptr<AckSlot> open(domain::HostNumber host);
  /// For HistoryStore::on_commit.
  void on_commit(std::span<const domain::StreamMark> marks);

 private:
  domain::Guarded<std::unordered_map<domain::HostNumber, std::weak_ptr<AckSlot>>> slots_;
};

}  // namespace vedette::ingest
