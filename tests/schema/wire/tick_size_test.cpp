// What a live tick costs on real counters (tests/golden).
#include <gtest/gtest.h>

#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/golden/recording.h"

namespace vedette::wire {
namespace {

/// 40 series as an agent of two cores sends them: CPU time by mode (total and per core), load, disk, network.
std::vector<metrics::Cell> forty_series(const golden::Reading& reading) {
  std::vector<metrics::Cell> cells;
  for (std::size_t column = 1; column <= golden::kColumns; ++column) {
    if (column <= 24 || (column >= 42 && column <= 57)) cells.push_back(metrics::integer(reading.values[column - 1]));
  }
  return cells;
}

TEST(TickSize, OfFortyRecordedSeriesStaysBelow35Bytes) {
  const auto readings = golden::recording(VEDETTE_SOURCE_DIR);
  TickEncoder encoder;
  TickDecoder decoder;
  std::size_t data = 0, messages = 0, ticks = 0;
  for (std::size_t i = 0; i < readings.size(); i += golden::kReadingsPerSecond, ++ticks) {
    const TickRow row{units::from_unix_ms(1'795'425'204'000 + static_cast<std::int64_t>(ticks) * 1'000),
                      forty_series(readings[i])};
    ASSERT_EQ(row.cells.size(), 40U);
    const std::string bytes = encoder.encode(row, {});
    ASSERT_EQ(decoder.decode(units::as_bytes(bytes), 40).value(), row);
    data += bytes.size();
    messages += encode(AgentMessage{TickMessage{ticks + 1, bytes}}).size();
  }
  const double tick = static_cast<double>(data) / static_cast<double>(ticks);
  RecordProperty("bytes_per_tick", std::to_string(tick));
  RecordProperty("bytes_per_message", std::to_string(static_cast<double>(messages) / static_cast<double>(ticks)));
  EXPECT_LT(tick, 35);
  EXPECT_LT(messages, data + 9 * ticks);
}

}  // namespace
}  // namespace vedette::wire
