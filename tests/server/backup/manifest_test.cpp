#include "server/backup/manifest.h"

#include <gtest/gtest.h>

namespace vedette::backup {
namespace {

using units::ErrorCode;

Manifest a_manifest() {
  return {.version = "1.2",
          .began = units::from_unix_ms(1'795'420'800'000),
          .finished = units::from_unix_ms(1'795'420'801'000),
          .files = {{.name = "live.db",
                     .stored = "live.db~",
                     .sum = {4096, "ab"},
                     .schema = 2,
                     .source = State{.inode = 7, .bytes = 1, .log_bytes = 2, .modified = 3, .log_modified = 4},
                     .damage = {}},
                    {.name = "tls/ca.key",
                     .stored = "tls/ca.key",
                     .sum = {10, "cd"},
                     .schema = 0,
                     .source = {},
                     .damage = {"one", "two \xff"}}}};
}

TEST(Manifest, ReadsWhatItWrote) {
  const auto read = parse_manifest(to_json(a_manifest()), "m");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->version, "1.2");
  EXPECT_EQ(read->began, a_manifest().began);
  EXPECT_EQ(read->finished, a_manifest().finished);
  ASSERT_EQ(read->files.size(), 2U);
  EXPECT_EQ(read->files[0].stored, "live.db~");
  EXPECT_EQ(read->files[0].sum, a_manifest().files[0].sum);
  EXPECT_EQ(read->files[0].schema, 2);
  EXPECT_EQ(read->files[0].source, a_manifest().files[0].source);
  EXPECT_EQ(read->files[1].source, std::nullopt);
  EXPECT_EQ(read->files[1].damage.front(), "one");
}

TEST(Manifest, FindsAnyByteOfItselfThatWasChanged) {
  const std::string text = to_json(a_manifest());
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {  // the newline at its end says nothing
    std::string changed = text;
    changed[at] = changed[at] == '5' ? '6' : '5';
    const auto read = parse_manifest(changed, "m");
    ASSERT_FALSE(read) << at << ": " << changed;
    EXPECT_TRUE(read.error().code == ErrorCode::corrupt || read.error().code == ErrorCode::version);
  }
  EXPECT_EQ(parse_manifest("", "m").error().code, ErrorCode::corrupt);
  EXPECT_EQ(parse_manifest(text.substr(0, text.size() / 2), "m").error().code, ErrorCode::corrupt);
}

TEST(Manifest, NeverNamesAFileElsewhere) {
  for (const char* name : {"/etc/passwd", "../live.db", "tls/../../x", "", "tls/", "/x", "a/b/c", ".hidden", "a b"}) {
    EXPECT_FALSE(good_name(name)) << name;
    Manifest manifest = a_manifest();
    manifest.files[0].name = name;
    EXPECT_EQ(parse_manifest(to_json(manifest), "m").error().code, ErrorCode::corrupt) << name;
    manifest = a_manifest();
    manifest.files[0].stored = name;
    EXPECT_EQ(parse_manifest(to_json(manifest), "m").error().code, ErrorCode::corrupt) << name;
  }
  for (const char* name : {"live.db", "raw-20261123.db~", "tls/ca.key"}) EXPECT_TRUE(good_name(name)) << name;
}

}  // namespace
}  // namespace vedette::backup
