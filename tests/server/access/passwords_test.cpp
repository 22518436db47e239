#include "server/access/passwords.h"

#include <gtest/gtest.h>

#include <future>

namespace vedette::access {
namespace {

TEST(Passwords, AreArgon2idAndSalted) {
  const std::string phc = hash_password("correct horse");
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << phc;
  EXPECT_NE(phc, hash_password("correct horse"));
  EXPECT_TRUE(password_fits(phc, "correct horse"));
  EXPECT_FALSE(password_fits(phc, "correct horsf"));
  EXPECT_FALSE(password_fits(phc, ""));
  EXPECT_FALSE(password_fits("not a hash", "correct horse"));
}

TEST(Passwords, NeedTenCharactersNotBytes) {
  EXPECT_FALSE(check_password("ninechars"));
  EXPECT_TRUE(check_password("ten chars!"));
  EXPECT_FALSE(check_password("пароль"));  // 12 bytes, 6 characters
  EXPECT_TRUE(check_password("длинныйпароль"));
  EXPECT_FALSE(check_password(std::string(1025, 'x')));
  EXPECT_FALSE(check_password("bad utf-8 \xff\xfe"));
}

TEST(PasswordBench, AnswersEveryJobItTookAndRefusesBeyondItsQueue) {
  const std::string phc = hash_password("correct horse");
  PasswordBench bench;
  std::atomic<int> fits = 0;
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    if (bench.verify(phc, "correct horse", [&](bool ok) { fits += ok ? 1 : 0; })) ++taken;
  }
  EXPECT_LT(taken, 100);
  EXPECT_GE(taken, 32);
  bench.stop();
  EXPECT_EQ(fits, taken);
}

}  // namespace
}  // namespace vedette::access
