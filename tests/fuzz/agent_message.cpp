// What an agent may send a collector, down to the ticks inside.
#include "schema/chunk/chunk.h"
#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto message = wire::decode_agent({data, size});
  if (!message) return 0;
  const std::string bytes = wire::encode(*message);
  // An absent boot id comes back as zeros, so the largest messages may grow past the limit.
  if (bytes.size() <= wire::kMaxMessage) {
    const auto again = wire::decode_agent(units::as_bytes(bytes));
    fuzz::require(again && wire::encode(*again) == bytes, "what was decoded survives a round trip");
  }
  if (const auto* tick = std::get_if<wire::TickMessage>(&*message)) {
    wire::TickDecoder decoder;
    (void)decoder.decode(units::as_bytes(tick->data), wire::kMaxSeries);
  } else if (const auto* backfill = std::get_if<wire::Backfill>(&*message)) {
    (void)chunk::decode(units::as_bytes(backfill->chunk),
                        {wire::kMaxBatchCells, wire::kMaxSeries, wire::kMaxBatchCells});
  } else if (const auto* announce = std::get_if<wire::Announce>(&*message)) {
    for (const auto& one : announce->series) {
      fuzz::require(metrics::check(one.series).has_value(), "an announced series passes the check");
    }
  }
  return 0;
}
