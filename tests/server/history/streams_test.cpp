#include "server/history/streams.h"

#include <gtest/gtest.h>

namespace vedette::history {
namespace {

using domain::HostNumber;

constexpr HostNumber kHost{7}, kOther{8};

units::Instant second(int s) {
  return units::Instant{std::chrono::seconds(s)};
}

TEST(Streams, AreFoundByHostAndId) {
  Streams streams;
  EXPECT_EQ(streams.find({kHost, 1}), nullptr);
  streams.at({kHost, 1}).accepted = 5;
  streams.at({kOther, 1}).accepted = 6;
  EXPECT_EQ(streams.find({kHost, 1})->accepted, 5U);
  EXPECT_EQ(streams.find({kOther, 1})->accepted, 6U);
  EXPECT_EQ(streams.find({kHost, 2}), nullptr);
  EXPECT_EQ(streams.at({kHost, 1}).accepted, 5U);
  streams.forget(kHost);
  EXPECT_EQ(streams.find({kHost, 1}), nullptr);
  EXPECT_NE(streams.find({kOther, 1}), nullptr);
}

TEST(Streams, RoomIsMadeByTheSettledOneThatWasSilentLongest) {
  Streams streams;
  streams.at({kHost, 1}) = {.accepted = 9, .durable = 8, .saved = 8, .seen = second(1)};  // on its way
  streams.at({kHost, 2}) = {.accepted = 9, .durable = 9, .saved = 9, .seen = second(3)};
  streams.at({kHost, 3}) = {.accepted = 9, .durable = 9, .saved = 9, .seen = second(2)};
  EXPECT_EQ(streams.make_room(kHost, 4), std::nullopt);
  EXPECT_EQ(streams.make_room(kOther, 1), std::nullopt);
  EXPECT_EQ(streams.make_room(kHost, 3), (StreamKey{kHost, 3}));
  EXPECT_EQ(streams.make_room(kHost, 1), (StreamKey{kHost, 2}));
  EXPECT_EQ(streams.make_room(kHost, 1), std::nullopt);  // the one on its way stays
  EXPECT_NE(streams.find({kHost, 1}), nullptr);
}

TEST(Streams, EachIsVisitedAndThoseNamedAreErased) {
  Streams streams;
  for (std::uint64_t id = 1; id <= 3; ++id) streams.at({kHost, id}).accepted = id;
  streams.erase_if([](const Streams::Stream& stream) { return stream.accepted != 2; });
  std::vector<std::uint64_t> left;
  streams.each([&](const StreamKey& key, const Streams::Stream&) { left.push_back(key.second); });
  EXPECT_EQ(left, std::vector<std::uint64_t>{2});
}

}  // namespace
}  // namespace vedette::history
