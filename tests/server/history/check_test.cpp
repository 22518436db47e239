#include "server/history/check.h"

#include <fstream>

#include "server/history/key.h"
#include "server/sqlite/copy.h"
#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

constexpr const char* kDay = "raw-20261123.db";
constexpr const char* kMonth = "1m-202611.db";

// All of a file in the file itself, nothing in its log.
void fold(const std::filesystem::path& file) {
  auto database = sqlite::Database::open(file, {.create = false});
  ASSERT_TRUE(database && database->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
}

// Two slots of 600 ticks sealed, their minutes built, and ten ticks in live.db only.
void fill(const std::filesystem::path& directory) {
  auto store = opened(options_in(directory));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 1200)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->build_all());
  ASSERT_TRUE(store->submit(batch(1, 1201, 1200, 10)));
  ASSERT_TRUE(store->flush());
}

Checked look(const std::filesystem::path& directory, const std::string& name, Use use = Use::live) {
  const auto file = parse_file_name(name);
  auto checked = file ? check_chunks(directory / name, *file, use) : check_live(directory / name, use);
  EXPECT_TRUE(checked) << checked.error().message;
  return checked ? *checked : Checked{};
}

void change(const std::filesystem::path& file, const std::string& sql) {
  auto database = sqlite::Database::open(file, {.create = false});
  ASSERT_TRUE(database);
  const auto done = database->execute(sql);
  ASSERT_TRUE(done) << done.error().message;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Check, FindsNothingInWhatIsWholeAndChangesNothing) {
  const tests::TemporaryDirectory directory, copies;
  fill(directory.path());
  const auto all = [&] {
    return bytes_of(directory / kDay) + bytes_of(directory / kMonth) + bytes_of(directory / "live.db");
  };
  const std::string before = all();
  for (const char* name : {kDay, kMonth, "live.db"}) {
    EXPECT_EQ(look(directory.path(), name).damage.size(), 0U) << name;
    ASSERT_TRUE(sqlite::copy_database(directory / name, copies / name));
    EXPECT_EQ(look(copies.path(), name, Use::copy).damage.size(), 0U) << name;
  }
  EXPECT_EQ(look(directory.path(), kDay).chunks, 2U);
  EXPECT_EQ(look(copies.path(), kMonth, Use::copy).chunks, 1U);
  EXPECT_EQ(look(copies.path(), "live.db", Use::copy).rows, 1U);
  EXPECT_EQ(all(), before);
}

TEST(Check, NamesTheChunkWithAFlippedByteWhereverItIs) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  fold(directory / kDay);
  const auto size = [&] {
    auto database = sqlite::Database::open(directory / kDay, {.create = false});
    return database->scalar("SELECT length(v) FROM chunk ORDER BY k DESC LIMIT 1")->value_or(0);
  }();
  ASSERT_GT(size, 100);
  const std::string whole = bytes_of(directory / kDay);
  for (std::int64_t at = 1; at <= size; at += 7) {
    std::ofstream(directory / kDay, std::ios::binary) << whole;
    const std::string n = std::to_string(at);
    change(directory / kDay, "UPDATE chunk SET v = CAST(substr(v, 1, " + n + " - 1) || CASE substr(v, " + n +
                                 ", 1) WHEN x'5a' THEN x'5b' ELSE x'5a' END || substr(v, " + n +
                                 " + 1) AS BLOB) WHERE k = (SELECT max(k) FROM chunk)");
    const Checked checked = look(directory.path(), kDay);
    EXPECT_EQ(checked.chunks, 2U);
    ASSERT_EQ(checked.damage.size(), 1U) << "byte " << at;
    ASSERT_TRUE(checked.damage[0].chunk);
    EXPECT_EQ(checked.damage[0].chunk->host, kHost);
    EXPECT_EQ(units::unix_ms(checked.damage[0].chunk->begin), kStart + 600'000);
    EXPECT_EQ(checked.damage[0].chunk->group, 0U);
    EXPECT_EQ(checked.damage[0].chunk->part, 0U);
  }
}

TEST(Check, FindsAChunkThatLiesInAnothersPlace) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  change(directory / kDay, "UPDATE chunk SET v = (SELECT v FROM chunk ORDER BY k LIMIT 1)");
  const Checked checked = look(directory.path(), kDay);
  ASSERT_EQ(checked.damage.size(), 1U);
  EXPECT_EQ(checked.damage[0].words, "holds what isn't of its time");
}

TEST(Check, FindsDamagedMinutes) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  change(directory / kMonth, "UPDATE chunk SET v = CAST(substr(v, 1, 20) || x'ff' || substr(v, 22) AS BLOB)");
  const Checked checked = look(directory.path(), kMonth);
  ASSERT_EQ(checked.damage.size(), 1U);
  ASSERT_TRUE(checked.damage[0].chunk);
  EXPECT_EQ(units::unix_ms(checked.damage[0].chunk->begin), kStart);
}

TEST(Check, FindsADamagedWriteAheadRow) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  change(directory / "live.db", "UPDATE ahead SET v = CAST(substr(v, 1, length(v) - 1) AS BLOB)");
  const Checked checked = look(directory.path(), "live.db");
  ASSERT_EQ(checked.damage.size(), 1U);
  EXPECT_TRUE(checked.damage[0].words.starts_with("row ")) << checked.damage[0].words;
}

TEST(Check, LooksAtWhatLiesBeforeAndBehindAPageThatCannotBeRead) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 40'000)));
    ASSERT_TRUE(store->seal_all());
  }
  fold(directory / kDay);
  const std::uint64_t all = look(directory.path(), kDay).chunks;
  ASSERT_EQ(all, 67U);
  // A leaf in the middle of the table, which has several.
  const auto size = std::filesystem::file_size(directory / kDay);
  std::int64_t leaf = 0;
  {
    const std::string bytes = bytes_of(directory / kDay);
    for (std::size_t page = size / 4096 / 2; page < size / 4096 && leaf == 0; ++page) {
      if (bytes[page * 4096] == 0x0d) leaf = static_cast<std::int64_t>(page);
    }
  }
  ASSERT_GT(leaf, 0);
  std::fstream(directory / kDay, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(leaf * 4096)
      .write(std::string(4096, '\xA5').data(), 4096);
  const Checked checked = look(directory.path(), kDay);
  for (const auto& damage : checked.damage) SCOPED_TRACE(damage.words);
  ASSERT_GE(checked.damage.size(), 2U);
  EXPECT_NE(checked.damage.back().words.find("can't be read"), std::string::npos) << checked.damage.back().words;
  EXPECT_GT(checked.chunks, 30U);
  EXPECT_LT(checked.chunks, all);
}

TEST(Check, SaysOfAFileThatIsNoDatabaseThatItIsDamaged) {
  const tests::TemporaryDirectory directory;
  for (const char* name : {kDay, "live.db"}) {
    std::ofstream(directory / name) << std::string(10'000, '\xA5');
    EXPECT_EQ(look(directory.path(), name).damage.size(), 1U) << name;
  }
}

TEST(Check, SaysThatAFileIsNewer) {
  const tests::TemporaryDirectory directory;
  fill(directory.path());
  for (const char* name : {kDay, "live.db"}) {
    change(directory / name, "PRAGMA user_version = 99");
    const Checked checked = look(directory.path(), name);
    ASSERT_EQ(checked.damage.size(), 1U) << name;
    EXPECT_NE(checked.damage[0].words.find("newer version"), std::string::npos);
  }
}

TEST(Check, AFileThatIsJustBeingMadeIsWhole) {
  const tests::TemporaryDirectory directory;
  auto made = sqlite::Database::open(directory / kDay);
  ASSERT_TRUE(made && made->make_durable());
  EXPECT_EQ(look(directory.path(), kDay).damage.size(), 0U);
}

TEST(Check, MayRunBesideAStoreThatStoresAndSeals) {
  const tests::TemporaryDirectory directory;
  auto options = options_in(directory.path());
  options.seal.chunk_bytes = 2'000;
  auto store = opened(options);
  announce(*store);
  for (std::int64_t n = 0; n < 6'000; n += 300) {
    ASSERT_TRUE(store->submit(batch(1, static_cast<std::uint64_t>(n) + 1, n, 300)));
    EXPECT_EQ(look(directory.path(), "live.db").damage.size(), 0U);
    if (std::filesystem::exists(directory / kDay)) {
      EXPECT_EQ(look(directory.path(), kDay).damage.size(), 0U);
    }
  }
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->trouble(), "");
  expect_run(*store, 6'000);
}

}  // namespace
}  // namespace vedette::history
