#include "server/processes/row.h"

#include <gtest/gtest.h>

#include <random>

#include "schema/units/bytes.h"
#include "tests/golden/examples.h"
#include "tests/server/processes/a_store.h"

namespace vedette::processes {
namespace {

using units::ErrorCode;

ProcessList list_of_the_page() {
  return {.at = kNoon + 1min,
          .span = 60s,
          .count = 212,
          .top = {{.pid = 812, .name = "postgres", .cpu_permille = 950, .memory_kib = 2'000'000, .written_bytes = 4096},
                  {.pid = 1, .name = "systemd", .memory_kib = 12'000, .arguments = "/sbin/init"}}};
}

TEST(ProcessRow, IsReadAsItWasWritten) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  ProcessList extreme{.at = kNoon, .span = kDayLength, .count = 0xFFFF'FFFF, .top = {}};
  for (std::size_t n = 0; n < kMostProcesses; ++n) {
    extreme.top.push_back({0xFFFF'FFFF, "имя \"x\"\n", 0xFFFF'FFFF, kMost, std::string(1024, 'a'), kMost, kMost});
  }
  for (const ProcessList& list : {ProcessList{.at = kNoon}, list_of_the_page(), extreme}) {
    const auto read = decode_row(list.at, units::as_bytes(encode_row(list)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, list);
  }
}

TEST(ProcessRow, IsAsTheDocumentationShowsIt) {
  EXPECT_EQ(encode_row(list_of_the_page()), golden::example(VEDETTE_SOURCE_DIR, "storage-format.md", "processes"));
}

TEST(ProcessRow, OfTenProcessesTakesWhatTheDocumentationSays) {
  ProcessList list{.at = kNoon, .span = 60s, .count = 212, .top = {}};
  for (std::uint32_t n = 0; n < 10; ++n) {
    list.top.push_back({.pid = 40'000 + n,
                        .name = "kworker/0:1",
                        .cpu_permille = 100 * n,
                        .memory_kib = 100'000,
                        .read_bytes = n < 3 ? 1'000'000U : 0U});
  }
  EXPECT_LE(encode_row(list).size(), 250U);
}

TEST(ProcessRow, CutOffOrLengthenedIsDamage) {
  const std::string row = encode_row(list_of_the_page());
  for (std::size_t n = 0; n < row.size(); ++n) {
    const auto read = decode_row(kNoon, units::as_bytes(row.substr(0, n)));
    ASSERT_FALSE(read) << n;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(decode_row(kNoon, units::as_bytes(row + '\0')).error().code, ErrorCode::corrupt);
}

TEST(ProcessRow, OfALaterVersionIsNotDamage) {
  std::string row = encode_row(list_of_the_page());
  row[0] = 2;
  EXPECT_EQ(decode_row(kNoon, units::as_bytes(row)).error().code, ErrorCode::version);
  row[0] = 0;
  EXPECT_EQ(decode_row(kNoon, units::as_bytes(row)).error().code, ErrorCode::corrupt);
}

TEST(ProcessRow, WhateverItHoldsIsReadOrRefusedAndNeverNoText) {
  std::mt19937_64 random(20'261'128);
  const std::string row = encode_row(list_of_the_page());
  std::size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = row;
    for (int n = 0; n <= round % 3; ++n) bytes[1 + random() % (row.size() - 1)] = static_cast<char>(random());
    const auto read = decode_row(kNoon, units::as_bytes(bytes));
    if (!read) {
      EXPECT_EQ(read.error().code, ErrorCode::corrupt);
      ++refused;
      continue;
    }
    EXPECT_EQ(encode_row(*read), bytes) << "each list has one form";
  }
  EXPECT_GT(refused, 1'000U);
}

TEST(ProcessRow, HasAFileAndAKeyByItsTimeAndHost) {
  const Day day = day_of(kNoon);
  EXPECT_EQ(file_name(day), "top-20261123.db");
  EXPECT_EQ(parse_file_name("top-20261123.db"), day);
  for (const char* other : {"top-20261323.db", "top-2026112.db", "top-20261123.db-wal", "raw-20261123.db",
                            "top-20261123.db.damaged", "top-+0261123.db", "top-19691231.db", ""}) {
    EXPECT_EQ(parse_file_name(other), std::nullopt) << other;
  }
  const units::Instant last = day_begin(day + 1) - 1ms;
  const HostNumber most{kMaxHost};
  EXPECT_EQ(key_of(kHost, day_begin(day)), std::int64_t{7} << 27);
  EXPECT_GT(key_of(most, last), 0);
  EXPECT_EQ(host_of(key_of(most, last)), most);
  EXPECT_EQ(time_of(day, key_of(most, last)), last);
  EXPECT_LT(key_of(kHost, last), key_of(kOther, day_begin(day)));
}

}  // namespace
}  // namespace vedette::processes
