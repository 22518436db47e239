#include "agent/link/resolver.h"

#include <gmock/gmock.h>

#include "tests/agent/no_threads.h"

namespace vedette::link {
namespace {

TEST(Resolver, AnIpAddressNeedsNoThread) {
  const tests::NoThreads none;
  Resolver resolver;
  resolver.start({"192.0.2.7", 8443});
  const auto answer = resolver.take();
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(to_string((*answer)->at(0)), "192.0.2.7");
}

TEST(ResolveNow, ANameThatDoesNotExistIsAnAnswerInWords) {
  // Longer than a name may be: the system refuses it without asking the network.
  const auto answer = resolve_now({std::string(300, 'x'), 8443});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, units::ErrorCode::unavailable);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("can't find the address of \"xxx"));
}

TEST(Resolver, AMachineThatGivesNoThreadIsAnAnswerInWords) {
  const tests::NoThreads none;
  Resolver resolver;
  resolver.start({"collector.invalid", 8443});
  const auto answer = resolver.take();
  ASSERT_TRUE(answer.has_value());
  ASSERT_FALSE(answer->has_value());
  EXPECT_EQ(answer->error().code, units::ErrorCode::unavailable);
  EXPECT_THAT(answer->error().message,
              testing::HasSubstr("can't look up the address of \"collector.invalid\": no thr"));
}

}  // namespace
}  // namespace vedette::link
