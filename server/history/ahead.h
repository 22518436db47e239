// The write-ahead row: all that one commit made durable, as bytes of live.db's table `ahead`.
//
//   row   = 0x01 (version) batch*
//   batch = host stream first count length packed     varints, except stream: 8 bytes little-endian; packed: packed.h
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/tick.h"
#include "server/history/packed.h"

namespace vedette::history {

/// A batch whose first `skip` ticks were accepted before. `epoch` is stored above each tick's boot (key.h); 0 for what
/// was read back, which has it there already.
struct Accepted {
  domain::SharedBatch batch;
  std::size_t skip = 0;
  std::uint32_t epoch = 0;
  std::shared_ptr<const std::string> bytes{};  ///< what a row tells of it; null for what was read back
};

/// With its bytes. Whoever hands a batch in makes them, so that the writer's thread needs only join them.
[[nodiscard]] Accepted accept(domain::SharedBatch batch, std::size_t skip = 0, std::uint32_t epoch = 0);

[[nodiscard]] std::string encode_row(std::span<const Accepted> batches);

/// `corrupt` if encode_row can't have written it, `version` if a newer one did.
[[nodiscard]] units::Result<std::vector<domain::Batch>> decode_row(Bytes bytes);

}  // namespace vedette::history
