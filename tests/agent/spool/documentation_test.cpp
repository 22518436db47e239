// docs/spool-format.md shows bytes: they are what the code writes and reads.
#include <gtest/gtest.h>

#include "schema/units/bytes.h"
#include "tests/agent/spool/disk.h"
#include "tests/golden/examples.h"

namespace vedette::spool {
namespace {

using namespace std::chrono_literals;

std::string example(const std::string& name) {
  return golden::example(VEDETTE_SOURCE_DIR, "spool-format.md", name);
}

TEST(SpoolDocumentation, ShowsASegmentAsItIsWrittenAndRead) {
  const Origin origin{.host = {0xaa}, .boot = {0xbb}, .run = {0xcc}, .clock_base = 1'795'425'000s};
  const std::vector<metrics::Series> series{
      {{"system.cpu.time", {{"mode", "idle"}}}, "s", metrics::Kind::counter, {1, 100}}};
  const std::int64_t t = 1'795'425'204'000;
  const TickRow rows[] = {{units::from_unix_ms(t), {metrics::integer(100)}},
                          {units::from_unix_ms(t + 1'000), {metrics::integer(103)}}};
  SegmentWriter writer(origin);
  const std::string head = example("head");
  EXPECT_EQ(writer.tick(77, {}, 8, rows[0], series), head + example("series") + head + example("full tick"));
  EXPECT_EQ(writer.tick(77, {}, 9, rows[1], series), example("tick"));
  EXPECT_EQ(offset_note(77, -250ms), example("offset"));
  EXPECT_EQ(released_note(77, 8), example("released"));

  const std::string all = head + example("series") + head + example("full tick") + example("tick") + example("offset");
  const auto contents = read_segment(units::as_bytes(all)).value();
  EXPECT_EQ(contents.origin, origin);
  EXPECT_EQ(contents.series, series);
  EXPECT_EQ(contents.spans.at(0).offset, -250ms);
  EXPECT_EQ(read_ticks(units::as_bytes(all), contents, 77, 9, 5).value().rows.at(0), rows[1]);
}

}  // namespace
}  // namespace vedette::spool
