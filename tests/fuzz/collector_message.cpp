// What a collector, or whoever stands in for it, may send an agent.
#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto message = wire::decode_collector({data, size});
  if (!message) return 0;
  const std::string bytes = wire::encode(*message);
  const auto again = wire::decode_collector(units::as_bytes(bytes));
  fuzz::require(again && wire::encode(*again) == bytes, "what was decoded survives a round trip");
  if (const auto* interval = std::get_if<wire::SetInterval>(&*message)) {
    fuzz::require(interval->interval.count() > 0, "no interval of 0");
  }
  return 0;
}
