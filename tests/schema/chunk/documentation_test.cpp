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

}  // namespace
}  // namespace vedette::chunk
