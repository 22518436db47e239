// docs/wire-protocol.md shows bytes: they are what the code writes and reads.
#include <gtest/gtest.h>

#include <bit>

#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/golden/examples.h"

namespace vedette::wire {
namespace {

std::string example(const std::string& name) {
  return golden::example(VEDETTE_SOURCE_DIR, "wire-protocol.md", name);
}

metrics::Cell real(double d) {
  return metrics::integer(std::bit_cast<std::int64_t>(d));
}

TEST(WireDocumentation, ShowsAnAckAsItIsWritten) {
  EXPECT_EQ(encode(CollectorMessage{Ack{{{77, 12}}}}), example("ack"));
}

TEST(WireDocumentation, ShowsThreeTicksAsTheyAreWrittenAndRead) {
  const std::int64_t t = 1'795'425'204'000;
  const TickRow rows[] = {{units::from_unix_ms(t), {metrics::integer(100), {}, real(1.5)}},
                          {units::from_unix_ms(t + 1'000), {metrics::integer(103), {}, real(1.5)}},
                          {units::from_unix_ms(t + 2'000), {metrics::integer(103), {}, real(1.75)}}};
  TickEncoder encoder;
  TickDecoder decoder;
  for (int i = 0; i < 3; ++i) {
    const std::string bytes = example("tick " + std::to_string(i + 1));
    EXPECT_EQ(encoder.encode(rows[i], {false, false, true}), bytes) << i;
    EXPECT_EQ(decoder.decode(units::as_bytes(bytes), 3).value(), rows[i]) << i;
  }
}

}  // namespace
}  // namespace vedette::wire
