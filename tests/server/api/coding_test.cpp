#include "server/api/coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>

#include "server/api/entity_tag.h"

namespace vedette::api {
namespace {

using domain::Response;

std::string_view chosen(std::string_view accepted) {
  constexpr std::array<std::string_view, 2> kOffered{"br", "gzip"};
  return choose_coding(accepted, kOffered);
}

TEST(ChooseCoding, WeighsWhatTheClientSays) {
  EXPECT_EQ(chosen("gzip, deflate, br"), "br") << "ours first among equals";
  EXPECT_EQ(chosen("gzip"), "gzip");
  EXPECT_EQ(chosen("GZip"), "gzip");
  EXPECT_EQ(chosen("br;q=0.8, gzip;q=0.801"), "gzip");
  EXPECT_EQ(chosen("br ; Q=0.2 ,\tgzip;q=0.1"), "br");
  EXPECT_EQ(chosen("br;q=1.000"), "br");
  EXPECT_EQ(chosen("*"), "br");
  EXPECT_EQ(chosen("*;q=0.5, br;q=0"), "gzip");
  EXPECT_EQ(chosen("gzip;q=0.5"), "gzip") << "identity isn't named: no preference for it";
  EXPECT_EQ(chosen("gzip;q=0.5, identity;q=0.5"), "gzip");
  EXPECT_EQ(chosen("identity;q=0, gzip"), "gzip");
}

TEST(ChooseCoding, SendsTheBytesAsTheyAreWhereNothingElseIsWanted) {
  for (const char* accepted : {"", "identity", "deflate", "brx", "xgzip", "gzip;q=0", "gzip;q=0.000, br;q=0", "*;q=0",
                               "identity, gzip;q=0.5", "gzip;q=2", "gzip;q=1.001", "gzip;q=", "gzip;q=0.1234",
                               "gzip;q=-1", "gzip;q=x", "gzip;q=1x", ",,;", "identity;q=0"}) {
    EXPECT_EQ(chosen(accepted), "") << accepted;
  }
}

std::string unpacked(const std::string& bytes) {
  z_stream stream{};
  ::inflateInit2(&stream, 15 + 16);
  std::string out(1'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = ::inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return done == Z_STREAM_END ? out : "broken";
}

TEST(Coding, GzipOfPiecesIsThatOfTheWhole) {
  Gzip pieces;
  std::string plain, packed;
  for (int n = 0; n < 20'000; ++n) {
    const std::string piece = std::to_string(n * n) + ",";
    plain += piece;
    packed += pieces.add(piece);
  }
  packed += pieces.finish();
  EXPECT_EQ(unpacked(packed), plain);
  EXPECT_EQ(unpacked(gzip("")), "");
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

const std::string kLarge = "[" + std::string(5'000, '1') + "]";

TEST(Compressed, IsWhatWasThereBeforeUnpacked) {
  Response shared = domain::json(200, {});
  shared.shared_body = std::make_shared<const std::string>(kLarge);
  for (const Response& plain : {domain::json(200, kLarge), shared}) {
    const Response answer = compressed(plain, "gzip");
    EXPECT_EQ(header(answer, "Content-Encoding"), "gzip");
    EXPECT_EQ(header(answer, "Vary"), "Accept-Encoding");
    EXPECT_FALSE(answer.shared_body);
    EXPECT_LT(answer.body.size(), 200u);
    EXPECT_EQ(unpacked(answer.body), kLarge);
  }
}

TEST(Compressed, IsJsonOverAKilobyteForWhoTakesIt) {
  const Response unasked = compressed(domain::json(200, kLarge), "br");
  EXPECT_EQ(unasked.body, kLarge);
  EXPECT_EQ(header(unasked, "Vary"), "Accept-Encoding") << "a cache must not give this one to others";
  EXPECT_EQ(compressed(domain::json(200, std::string(1'000, '1')), "gzip").body.size(), 1'000u);
  EXPECT_EQ(header(compressed(domain::json(200, std::string(1'001, '1')), "gzip"), "Content-Encoding"), "gzip");
  Response picture;
  picture.headers.emplace_back("Content-Type", "image/png");
  picture.body = kLarge;
  EXPECT_EQ(compressed(picture, "gzip").body, kLarge);
}

TEST(Compressed, LeavesSecretsAndWhatQuotesTheRequestAlone) {
  Response login = domain::json(200, kLarge), key = login;
  login.headers.emplace_back("Set-Cookie", "__Host-sid=secret");
  key.headers.emplace_back("Cache-Control", "no-store");
  const Response quoting = domain::problem(404, kLarge);
  for (const Response& secret : {login, key, quoting}) {
    const Response answer = compressed(secret, "gzip");
    EXPECT_EQ(answer.body, secret.body);
    EXPECT_EQ(header(answer, "Content-Encoding"), "");
  }
}

TEST(NamesTag, ReadsListsWeakTagsAndCommasInThem) {
  EXPECT_TRUE(names_tag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_tag("\"x\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_tag("\"a\"", "W/\"a\""));
  EXPECT_TRUE(names_tag("*", "\"a\""));
  EXPECT_TRUE(names_tag("\"x,y\" ,\t\"a\"", "\"a\""));
  for (const char* other : {"", "a", "\"b\"", "\"xa\"", "\"a", "\"x,\"a\"", "\"a-gzip\"", ", ,", "W/"}) {
    EXPECT_FALSE(names_tag(other, "\"a\"")) << other;
  }
}

}  // namespace
}  // namespace vedette::api
