#include "agent/spool/record.h"

#include <gtest/gtest.h>

#include <random>

#include "schema/units/bytes.h"

namespace vedette::spool {
namespace {

std::vector<std::string> bodies(std::string_view bytes) {
  std::vector<std::string> found;
  RecordReader reader(units::as_bytes(bytes));
  while (const auto record = reader.next()) found.emplace_back(record->body.begin(), record->body.end());
  return found;
}

std::string three() {
  std::string out;
  put_record(out, 1, "first");
  put_record(out, 2, "");
  put_record(out, 3, std::string(300, 'x'));
  return out;
}

TEST(Record, ReadsBackWhatWasWritten) {
  RecordReader reader(units::as_bytes(std::string_view{}));
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(bodies(three()), (std::vector<std::string>{"first", "", std::string(300, 'x')}));
}

TEST(Record, ATornEndLosesTheTornRecordOnly) {
  const std::string whole = three();
  std::string two;
  put_record(two, 1, "first");
  put_record(two, 2, "");
  for (std::size_t length = two.size(); length < whole.size(); ++length) {
    const std::string torn = whole.substr(0, length);
    RecordReader reader(units::as_bytes(torn));
    int found = 0;
    while (reader.next()) ++found;
    EXPECT_EQ(found, 2) << length;
    EXPECT_EQ(reader.damaged(), length - two.size());
  }
}

TEST(Record, AFlippedBitLosesThatRecordOnly) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) put_record(bytes, 1, "body " + std::to_string(i));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(bodies(flipped).size(), 19U) << bit;
  }
}

TEST(Record, WhatFollowsDamageSaysSo) {
  std::string bytes = three();
  bytes[3] = 'F';
  RecordReader reader(units::as_bytes(bytes));
  const auto second = reader.next();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->type, 2);
  EXPECT_TRUE(second->after_damage);
  EXPECT_FALSE(reader.next().value().after_damage);
}

TEST(Record, SearchingThroughBytesThatLookLikeRecordsIsBounded) {
  std::string bytes;
  while (bytes.size() < 300'000) {
    bytes.push_back(static_cast<char>(0xd6));
    bytes.push_back(3);
    units::put_varint(bytes, 100'000);
  }
  put_record(bytes, 1, "not reached: the search was given up");
  EXPECT_EQ(bodies(bytes).size(), 0U);
}

}  // namespace
}  // namespace vedette::spool
