// docs/chunk-format.md shows a chunk byte for byte: it is what the code writes and reads.
#include <gtest/gtest.h>

#include <bit>

#include "schema/units/bytes.h"
#include "tests/golden/examples.h"
#include "tests/schema/chunk/tables.h"

namespace vedette::chunk {
namespace {

TEST(ChunkDocumentation, ShowsAChunkAsItIsWrittenAndRead) {
  const auto bits = [](double d) { return std::bit_cast<std::int64_t>(d); };
  const std::int64_t t = 1'795'425'204'000;
  const Table table{{t, t + 1'000, t + 2'000, t + 3'000},
                    {{0, false, {100, 103, 106, 110}, {}},
                     {2, true, {bits(1.5), bits(1.5), 0, bits(1.75)}, {true, true, false, true}}}};
  const std::string bytes = golden::example(VEDETTE_SOURCE_DIR, "chunk-format.md", "chunk");
  EXPECT_EQ(encode(table), bytes);
  EXPECT_EQ(difference(decode(units::as_bytes(bytes), {}).value(), table), "");
}

TEST(ChunkDocumentation, ShowsADenseChunkAsItIsWrittenAndRead) {
  Table table{{}, {{0, false, {1'000'000}, {}}}};
  for (const std::int64_t step : {0, 0, 4096, 8192, 0, 0, 0, 4096, 4096, -8192, 0, 0, 0, 0, 4096}) {
    table.columns[0].values.push_back(table.columns[0].values.back() + step);
  }
  for (std::int64_t n = 0; n < 16; ++n) table.times.push_back(1'795'425'204'000 + n * 1'000);
  const std::string bytes = golden::example(VEDETTE_SOURCE_DIR, "chunk-format.md", "dense");
  EXPECT_EQ(encode_dense(table), bytes);
  EXPECT_EQ(difference(decode(units::as_bytes(bytes), {}).value(), table), "");
}

}  // namespace
}  // namespace vedette::chunk
