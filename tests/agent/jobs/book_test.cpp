#include "agent/jobs/book.h"

#include <gtest/gtest.h>

#include "agent/jobs/last_lines.h"

namespace vedette::jobs {
namespace {

using namespace std::chrono_literals;

constexpr units::Instant kStart = units::from_unix_ms(1'795'425'204'083);

JobReport begun(const std::string& name) {
  return {.name = name, .start = kStart, .end = {}, .text = {}};
}
JobReport ended(const std::string& name, int status, const std::string& text = "") {
  return {.name = name, .start = kStart, .end = JobReport::End{252s, status}, .text = text};
}

TEST(JobReport, ComesBackFromItsBytes) {
  for (const auto& report : {begun("a"), ended("nightly-backup.2_x", 3, "one\ntwo"), ended("b", 0)}) {
    const auto back = decode(encode(report));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, report);
  }
  EXPECT_EQ(decode(encode(ended("a", 1, "x\xff")))->text, "x\xef\xbf\xbd");
  EXPECT_EQ(decode(encode(ended("a", 1, std::string(9'000, 'x'))))->text.size(), kMostText);
}

TEST(JobReport, OfAnotherFormIsRefused) {
  const std::string good = encode(ended("a", 3, "text"));
  for (std::size_t size = 0; size + 4 < good.size(); ++size) EXPECT_FALSE(decode(good.substr(0, size))) << size;
  for (const char* bad :
       {"job 2\nname a\nstart 1\ntext ", "job 1\nname a b\nstart 1\ntext ", "job 1\nname -a\nstart 1\ntext ",
        "job 1\nname a\nstart -1\ntext ", "job 1\nname a\nstart 1x\ntext ", "job 1\nname a\nstart 1\nend 1\ntext ",
        "job 1\nname a\nstart 1\nend 1 256\ntext ", "job 1\nname a\nstart 1\nend -1 0\ntext ",
        "job 1\nname a\nstart 1\ntext \xff"}) {
    EXPECT_FALSE(decode(bad)) << bad;
  }
  EXPECT_FALSE(decode(std::string(kMostReport + 1, 'x')));
  EXPECT_NE(check_name("a/b").error().message.find("\"a/b\" is no job's name"), std::string::npos);
  EXPECT_FALSE(check_name(std::string(65, 'a')));
}

TEST(JobBook, KnowsWhatRunsAndHowTheLastOneEnded) {
  Book book;
  EXPECT_EQ(book.take(begun("backup"), 0, kStart + 1s).value(), std::nullopt);
  EXPECT_EQ(book.jobs().at("backup").running, kStart);
  const auto failed = book.take(ended("backup", 3, "disk full\nsorry"), 0, kStart + 252s).value();
  ASSERT_TRUE(failed);
  EXPECT_TRUE(failed->failed);
  EXPECT_EQ(failed->words, "backup failed with exit status 3 after 4 min 12 s: disk full sorry");
  const Job& job = book.jobs().at("backup");
  EXPECT_FALSE(job.running);
  EXPECT_EQ(job.ended, kStart + 252s);
  EXPECT_FALSE(job.succeeded);
  const auto done = book.take(ended("backup", 0, "all well"), 0, kStart + 300s).value();
  EXPECT_EQ(done->words, "backup succeeded after 4 min 12 s");
  EXPECT_EQ(job.succeeded, kStart + 300s);
  EXPECT_EQ(book.take(ended("backup", 137), 0, kStart).value()->words, "backup was ended by signal 9 after 4 min 12 s");
}

TEST(JobBook, LeavesANameToWhoHadItFirst) {
  Book book;
  ASSERT_TRUE(book.take(begun("backup"), 0, kStart));
  const auto refused = book.take(ended("backup", 0), 1'000, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::forbidden);
  EXPECT_NE(refused.error().message.find("user 0's; user 1000"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(book.jobs().at("backup").running) << "nothing changed";
}

TEST(JobBook, IsBounded) {
  Book book;
  for (std::size_t n = 0; n < Book::kMostJobs; ++n) ASSERT_TRUE(book.take(begun("j" + std::to_string(n)), 0, kStart));
  const auto refused = book.take(begun("more"), 0, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::too_large);
  EXPECT_TRUE(book.take(ended("j5", 0), 0, kStart));
}

TEST(JobBook, OutlivesTheAgentButForWhatWasRunning) {
  Book book;
  ASSERT_TRUE(book.take(ended("backup", 3), 7, kStart));
  ASSERT_TRUE(book.take(ended("backup", 0), 7, kStart + 10s));
  ASSERT_TRUE(book.take(begun("other"), 8, kStart));
  const std::string text = book.to_text();
  const Book back = Book::from_text(text);
  EXPECT_EQ(back.jobs().at("backup"), book.jobs().at("backup"));
  EXPECT_FALSE(back.jobs().at("other").running);
  EXPECT_EQ(back.jobs().at("other").user, 8U);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_LE(Book::from_text(text.substr(0, size)).jobs().size(), 2U);
  EXPECT_TRUE(Book::from_text("jobs 2\nbackup 1 1 1 1 1\n").jobs().empty());
  EXPECT_TRUE(Book::from_text("jobs 1\nbackup 1 1 1 1 256\nx y 1 1 1 1\nb -1 1 1 1 1\n").jobs().empty());
}

TEST(LastLines, AreTheLastTenOfWhateverPiecesCame) {
  LastLines lines;
  for (int n = 1; n <= 12; ++n) {
    lines.add("line ");
    lines.add(std::to_string(n) + "\n\n  \r\n");
  }
  lines.add("open");
  const std::string text = lines.text();
  EXPECT_TRUE(text.starts_with("line 4\n")) << text;
  EXPECT_TRUE(text.ends_with("line 12\nopen")) << text;
  LastLines long_one;
  long_one.add(std::string(100'000, 'x'));
  long_one.add("\x1b[31m\xff");
  EXPECT_EQ(long_one.text().size(), LastLines::kLongest);
}

}  // namespace
}  // namespace vedette::jobs
