// The tick decoder on a run of ticks: a byte of announced series, then ticks, each after a byte with its length.
#include <algorithm>

#include "schema/wire/tick_codec.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  if (size == 0) return 0;
  const std::size_t series = data[0];
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  wire::TickDecoder decoder, second;
  wire::TickEncoder encoder;
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    const auto row = decoder.decode(rest.subspan(1, length), series);
    rest = rest.subspan(1 + length);
    if (!row) {
      fuzz::require(!decoder.decode({}, series).has_value(), "after an error the decoder stays refusing");
      return 0;
    }
    fuzz::require(row->cells.size() <= series, "no more cells than were announced");
    const auto again = second.decode(units::as_bytes(encoder.encode(*row, {})), series);
    fuzz::require(again && *again == *row, "what was decoded survives a round trip");
  }
  return 0;
}
