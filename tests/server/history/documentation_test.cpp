// docs/storage-format.md shows a row, a key and attributes byte for byte: they are what the store writes and reads.
#include <algorithm>
#include <tuple>

#include "schema/units/bytes.h"
#include "tests/golden/examples.h"
#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

std::string example(const char* name) {
  return golden::example(VEDETTE_SOURCE_DIR, "storage-format.md", name);
}

domain::Batch batch_of_the_page() {
  const auto real = [](double value) { return metrics::integer(std::bit_cast<std::int64_t>(value)); };
  const std::int64_t t = 1'795'425'204'000;
  domain::Batch batch{HostNumber{7}, 0x0123'4567'89ab'cdef, 1, false, {}};
  batch.ticks = {{units::from_unix_ms(t), 3, {metrics::integer(200), metrics::integer(5000), real(1.5)}},
                 {units::from_unix_ms(t + 1000), 3, {metrics::integer(198), metrics::integer(5300), real(1.5)}},
                 {units::from_unix_ms(t + 2000),
                  with_epoch(4, 1),
                  {metrics::integer(200), Cell{}, real(-0.0), metrics::integer(7)}}};
  return batch;
}

std::string blob(const std::filesystem::path& path, const char* query) {
  auto database = sqlite::Database::open(path, {.read_only = true});
  if (!database) return database.error().message;
  auto statement = database->prepare(query);
  if (!statement || !statement->step().value_or(false)) return "no row";
  const auto bytes = statement->blob(0);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(StorageDocumentation, ShowsARowAsItIsWrittenAndRead) {
  const domain::Batch batch = batch_of_the_page();
  const std::string row = example("row");
  EXPECT_EQ(encode_row(std::vector<Accepted>{accept(std::make_shared<Batch>(batch))}), row);
  const auto read = decode_row(units::as_bytes(row));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1u);
  const Batch& back = read->front();
  EXPECT_EQ(std::tuple(back.host, back.stream, back.first), std::tuple(batch.host, batch.stream, batch.first));
  ASSERT_EQ(back.ticks.size(), batch.ticks.size());
  for (std::size_t n = 0; n < batch.ticks.size(); ++n) {
    EXPECT_EQ(back.ticks[n].at, batch.ticks[n].at);
    EXPECT_EQ(back.ticks[n].boot, batch.ticks[n].boot);
    EXPECT_EQ(back.ticks[n].cells, batch.ticks[n].cells);
  }
}

TEST(StorageDocumentation, ShowsAKey) {
  std::string key;
  units::put_fixed(
      key, static_cast<std::uint64_t>(pack(key_of(Tier::raw, kHost, slot_of(batch_of_the_page().ticks[0].at), 1, 2))),
      8);
  std::ranges::reverse(key);
  EXPECT_EQ(key, example("key"));
}

TEST(StorageDocumentation, ShowsWhatTheStoreCommits) {
  const tests::TemporaryDirectory directory;
  const auto store = opened(options_in(directory.path()));
  const std::vector<metrics::Series> series{
      {{"system.disk.io", {{"device", "sda"}, {"direction", "read"}}}, "By", metrics::Kind::counter, {1, 1}}};
  ASSERT_TRUE(store->assign(HostNumber{7}, series));
  ASSERT_TRUE(store->submit(std::make_shared<Batch>(batch_of_the_page())));
  ASSERT_TRUE(store->flush());
  EXPECT_EQ(blob(directory / "live.db", "SELECT attributes FROM series"), example("attributes"));
  EXPECT_EQ(blob(directory / "live.db", "SELECT v FROM ahead"), example("row"));
}

}  // namespace
}  // namespace vedette::history
