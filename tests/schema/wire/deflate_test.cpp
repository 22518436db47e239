#include "schema/wire/deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <ctime>
#include <random>
#include <string>

namespace vedette::wire {
namespace {

using namespace std::string_literals;
using units::ErrorCode;

std::string noise(std::mt19937& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

/// Text like what viewers get, with noise in between.
std::string mixed(std::mt19937& random, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    out +=
        random() % 3 == 0 ? noise(random, random() % 40) : "[" + std::to_string(random() % 1'000) + ",\"host-\",0.5],";
  }
  out.resize(size);
  return out;
}

/// One message by zlib itself: how often the sender flushes decides how many blocks it has.
std::string deflated(std::string_view payload, int window_bits, int level, std::size_t flush_every) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(payload.size() + 1'000 + payload.size() / flush_every * 16, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  do {
    const std::string_view part = payload.substr(0, flush_every);
    payload.remove_prefix(part.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    EXPECT_EQ(::deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  } while (!payload.empty());
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  EXPECT_TRUE(out.ends_with("\x00\x00\xff\xff"s));
  return out.substr(0, out.size() - 4);
}

/// `size` zeros in about a thousandth of that.
std::string bomb(std::size_t size) {
  return deflated(std::string(size, '\0'), 15, 9, size);
}

TEST(Deflate, ReadsTheExamplesOfRfc7692) {
  Deflate deflate;
  EXPECT_EQ(deflate.expand("\xf2\x48\xcd\xc9\xc9\x07\x00"s, 100), "Hello");                  // 7.2.3.1
  EXPECT_EQ(deflate.expand("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s, 100), "Hello");  // 7.2.3.3, no compression
  EXPECT_EQ(deflate.expand("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, 100), "Hello");              // 7.2.3.4, BFINAL
  EXPECT_EQ(deflate.expand("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, 100), "Hello");  // 7.2.3.5
  EXPECT_EQ(deflate.expand("\x00"s, 100), "");                                                       // 7.2.3.6, empty
}

TEST(Deflate, WhatItCompressesComesBackAtEveryWindow) {
  std::mt19937 random(1);
  Deflate deflate;
  for (int round = 0; round < 100; ++round) {
    const std::string message = mixed(random, 256 + random() % (round % 10 == 0 ? 200'000 : 3'000));
    const auto bits = static_cast<std::uint8_t>(9 + random() % 7);
    const auto small = deflate.compress(message, bits);
    ASSERT_TRUE(small);
    ASSERT_LT(small->size(), message.size());
    ASSERT_EQ(deflate.expand(*small, message.size()), message);
    // A receiver with no larger window than was agreed can read it.
    z_stream stream{};
    ASSERT_EQ(::inflateInit2(&stream, -bits), Z_OK);
    const std::string whole = *small + "\x00\x00\xff\xff"s;
    std::string out(message.size() + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(whole.data()));
    stream.avail_in = static_cast<uInt>(whole.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ASSERT_EQ(::inflate(&stream, Z_SYNC_FLUSH), Z_OK) << int{bits};
    out.resize(out.size() - stream.avail_out);
    ::inflateEnd(&stream);
    ASSERT_EQ(out, message);
  }
}

TEST(Deflate, ReadsWhatOthersSendHoweverTheyCutIt) {
  std::mt19937 random(2);
  Deflate deflate;
  for (int round = 0; round < 100; ++round) {
    const std::string message = mixed(random, random() % 20'000);
    const std::string payload = deflated(message, 9 + static_cast<int>(random() % 7), static_cast<int>(random() % 10),
                                         1 + random() % (1 + message.size() / (1 + random() % 50)));
    ASSERT_EQ(deflate.expand(payload, message.size()), message);
  }
}

TEST(Deflate, MessagesDontDependOnEachOther) {
  Deflate sender, receiver;
  const std::string message(1'000, 'm');
  const auto first = sender.compress(message, 15);
  EXPECT_EQ(sender.compress(message, 15), first);
  EXPECT_FALSE(receiver.expand("\xff garbage"s, 100));
  EXPECT_FALSE(receiver.expand(first->substr(0, first->size() / 2), 1'000));
  EXPECT_EQ(receiver.expand(*first, 1'000), message);
}

TEST(Deflate, WhatWouldntShrinkIsLeftAlone) {
  std::mt19937 random(3);
  Deflate deflate;
  EXPECT_FALSE(deflate.compress("", 15));
  EXPECT_FALSE(deflate.compress(std::string(Deflate::kWorthwhile - 1, 'x'), 15));
  EXPECT_TRUE(deflate.compress(std::string(Deflate::kWorthwhile, 'x'), 15));
  EXPECT_FALSE(deflate.compress(std::string(1'000, 'x'), 8));
  for (const std::size_t size : {256UL, 1'000UL, 65'536UL, 1'000'000UL}) {
    EXPECT_FALSE(deflate.compress(noise(random, size), 15)) << size;
  }
}

TEST(Deflate, TheLimitIsExact) {
  Deflate deflate;
  for (const std::size_t size : {1UL, 511UL, 512UL, 513UL, 4'096UL, 65'536UL, 1'000'000UL}) {
    const std::string payload = deflated(std::string(size, 'x'), 15, 6, size);
    EXPECT_TRUE(deflate.expand(payload, size)) << size;
    const auto over = deflate.expand(payload, size - 1);
    ASSERT_FALSE(over) << size;
    EXPECT_EQ(over.error().code, ErrorCode::too_large);
  }
}

TEST(Deflate, ABombCostsNoMoreThanTheLimit) {
  const std::string payload = bomb(20'000'000);
  ASSERT_LT(payload.size(), 22'000U);
  Deflate deflate;
  const auto started = std::clock();
  for (int i = 0; i < 1'000; ++i) {
    const auto result = deflate.expand(payload, 65'536);
    ASSERT_FALSE(result);
    ASSERT_EQ(result.error().code, ErrorCode::too_large);
  }
  // Expanding all of it, 20 GB in all, would take longer.
  EXPECT_LT(std::clock() - started, 10 * CLOCKS_PER_SEC);
}

TEST(Deflate, WhatIsNoDeflateOrCutOffIsRefused) {
  std::mt19937 random(4);
  Deflate deflate;
  const std::string message = mixed(random, 3'000);
  const std::string payload = deflated(message, 15, 6, 3'000);
  for (std::size_t size = 1; size + 1 < payload.size(); ++size) {
    const auto result = deflate.expand(payload.substr(0, size), 10'000);
    ASSERT_FALSE(result) << size;
    ASSERT_EQ(result.error().code, ErrorCode::invalid);
  }
  EXPECT_FALSE(deflate.expand("", 100));                                               // not even an empty block
  EXPECT_FALSE(deflate.expand("\x06"s, 100));                                          // block type 3
  EXPECT_FALSE(deflate.expand("\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"s, 100));  // the length's check is wrong
  EXPECT_FALSE(deflate.expand("\xf3\x48\xcd\xc9\xc9\x07\x00"s, 100));  // BFINAL without the octet behind it
  EXPECT_FALSE(deflate.expand("Hello", 100));
  for (int round = 0; round < 20'000; ++round) {
    const auto result = deflate.expand(noise(random, random() % 60), 1'000);
    ASSERT_TRUE(!result || result->size() <= 1'000);
  }
}

}  // namespace
}  // namespace vedette::wire
