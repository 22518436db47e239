// A disk that really is full. Needs a small file system of its own, which tests/faults/small_disk.sh makes.
#include <gtest/gtest.h>

#include <cstdlib>

#include "server/access/enrolment.h"
#include "tests/server/access/bench.h"
#include "tests/small_disk.h"

namespace vedette::access {
namespace {

TEST(FullDisk, AnAdministratorSignsInAndAgentsHearWhatIsWrong) {
  const char* disk = std::getenv("VEDETTE_SMALL_DISK");
  if (!disk) GTEST_SKIP() << "no VEDETTE_SMALL_DISK";
  Bench bench(disk);
  EnrolmentDesk enrolment(*bench.store, bench.clock);
  ASSERT_TRUE(add_user(*bench.store, "ann", domain::AccessRole::administrator, "correct horse"));
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now());
  ASSERT_TRUE(token);
  const std::filesystem::path filler = std::filesystem::path(disk) / "filler";
  tests::fill(filler);

  domain::LoginAnswer grant;
  for (int i = 0; i < 20 && bench.logins.waiting() == 0; ++i) {  // the first may find room in the file's last page
    grant = bench.log_in("ann", "correct horse");
    ASSERT_TRUE(grant) << grant.error().words;
  }
  ASSERT_EQ(bench.logins.waiting(), 1u);
  const auto head = Bench::with("cookie", "__Host-sid=" + grant->secret);
  EXPECT_EQ(bench.gate.person(head)->role, domain::AccessRole::administrator);
  const auto refused = enrolment.enrol(*token, "web", "192.0.2.7:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, units::ErrorCode::unavailable);
  EXPECT_TRUE(refused.error().error.message.starts_with("disk full: free some space")) << refused.error().error.message;

  std::filesystem::remove(filler);
  bench.logins.store_waiting();
  EXPECT_EQ(bench.logins.waiting(), 0u);
  EXPECT_TRUE(bench.store->login(grant->person.sid)->has_value());
  EXPECT_TRUE(enrolment.enrol(*token, "web", "192.0.2.7:1"));
}

}  // namespace
}  // namespace vedette::access
