#include "server/app/input.h"

#include <gtest/gtest.h>

#include <sstream>

namespace vedette::app {
namespace {

std::string read(const std::string& bytes) {
  std::istringstream in(bytes);
  const auto secret = read_secret(in);
  return secret ? *secret : secret.error().message;
}

TEST(Secret, IsTheFirstLineWithoutItsEnd) {
  EXPECT_EQ(read("correct horse\nmore\n"), "correct horse");
  EXPECT_EQ(read("correct horse\r\nmore\r\n"), "correct horse");
  EXPECT_EQ(read("correct horse"), "correct horse");
  EXPECT_EQ(read("correct\r horse\r\r\n"), "correct\r horse\r") << "one CR ends the line, others are the person's";
  EXPECT_EQ(read(""), "");
}

TEST(Secret, IsUtf8) {
  EXPECT_EQ(read("größer als 10\n"), "größer als 10");
  EXPECT_TRUE(read("gr\xf6\xdf"
                   "er als 10\n")
                  .starts_with("the line on standard input isn't UTF-8 text"));
}

TEST(CommandLine, IsUtf8WhereItGoesToTheCollector) {
  EXPECT_TRUE(check_text({"user add", {"größe"}, {{"role", "viewer"}, {"data", "/srv/\xff"}}}));
  EXPECT_FALSE(check_text({"user add",
                           {"gr\xf6\xdf"
                            "e"},
                           {}}));
  const auto role = check_text({"user add", {"ann"}, {{"role", "\xff"}}});
  ASSERT_FALSE(role);
  EXPECT_TRUE(role.error().message.starts_with("--role isn't UTF-8 text")) << role.error().message;
}

}  // namespace
}  // namespace vedette::app
