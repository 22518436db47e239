#include "agent/watch/unit_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vedette::watch {
namespace {

constexpr units::Instant kNow = units::from_unix_ms(1'795'425'204'083);

std::vector<std::string> words(const std::vector<Happening>& all) {
  std::vector<std::string> list;
  for (const Happening& one : all) list.push_back(one.kind + ": " + one.text);
  return list;
}

TEST(UnitWatch, TellsWhatFailsAndWhatRecovers) {
  UnitWatch watch({1}, {2});
  EXPECT_TRUE(watch.take({"old.service"}, kNow, false).empty()) << "it failed before this run, which others told";
  const auto failed = watch.take({"old.service", "nginx.service"}, kNow, false);
  EXPECT_EQ(words(failed), std::vector<std::string>{"unit_failed: nginx.service failed"});
  EXPECT_EQ(failed.at(0).at, kNow);
  EXPECT_TRUE(watch.take({"nginx.service", "old.service"}, kNow, false).empty());
  EXPECT_EQ(words(watch.take({"nginx.service"}, kNow, false)),
            std::vector<std::string>{"unit_recovered: old.service is no longer failed"});
  const auto again = watch.take({}, kNow, false);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].id, failed.at(0).id);
  EXPECT_NE(watch.take({"nginx.service"}, kNow, false).at(0).id, failed.at(0).id) << "a second failure is another";
}

TEST(UnitWatch, AfterABootWhatHasFailedIsTold) {
  const wire::Id128 boot{1};
  UnitWatch watch(boot, {2}), of_another_run(boot, {3});
  const auto all = watch.take({"a.mount"}, kNow, true);
  EXPECT_EQ(words(all), std::vector<std::string>{"unit_failed: a.mount failed"});
  EXPECT_EQ(of_another_run.take({"a.mount"}, kNow, true).at(0).id, all.at(0).id) << "told once";
  EXPECT_NE(of_another_run.take({}, kNow, true).at(0).id, watch.take({}, kNow, true).at(0).id);
}

TEST(UnitWatch, ManyAtOnceAreCounted) {
  UnitWatch watch({1}, {2});
  std::vector<std::string> many;
  for (int n = 0; n < 50; ++n) many.push_back("u" + std::to_string(n) + ".service");
  const auto all = watch.take(many, kNow, true);
  ASSERT_EQ(all.size(), UnitWatch::kMost + 1);
  EXPECT_EQ(all.back().text, "30 more failed");
  EXPECT_EQ(all.back().count, 30U);
  EXPECT_EQ(watch.take({}, kNow, false).size(), UnitWatch::kMost + 1);
}

}  // namespace
}  // namespace vedette::watch
