#include "server/net/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <functional>

namespace vedette::net {
namespace {

class Called final : public Watcher {
 public:
  explicit Called(std::function<void()> does = [] {}) : does_(std::move(does)) {}
  void on_ready(std::uint32_t) override {
    ++times;
    does_();
  }
  int times = 0;

 private:
  std::function<void()> does_;
};

TEST(Loop, AnEventOfAWatcherThatWentIsNotTheNextOnesInItsPlace) {
  Loop loop;
  const Descriptor first(::eventfd(1, EFD_NONBLOCK)), second(::eventfd(1, EFD_NONBLOCK)),
      quiet(::eventfd(0, EFD_NONBLOCK));
  Loop::Key of_first = 0, of_second = 0;
  Called heir;
  // Both are ready in one turn; whoever comes first sends the other away and gives its place to a third.
  const auto replace = [&](Loop::Key& key, int fd) {
    loop.unwatch(key, fd);
    key = loop.watch(quiet.get(), EPOLLIN, heir);
    loop.stop();
  };
  Called one([&] { replace(of_second, second.get()); }), other([&] { replace(of_first, first.get()); });
  of_first = loop.watch(first.get(), EPOLLIN, one);
  of_second = loop.watch(second.get(), EPOLLIN, other);
  loop.run();
  EXPECT_EQ(one.times + other.times, 1);
  EXPECT_EQ(heir.times, 0);
}

TEST(Loop, PlacesAreGivenAwayAgain) {
  Loop loop;
  const Descriptor ready(::eventfd(1, EFD_NONBLOCK));
  Called last([&] { loop.stop(); });
  for (int n = 0; n < 1'000; ++n) loop.unwatch(loop.watch(ready.get(), EPOLLIN, last), ready.get());
  const Loop::Key key = loop.watch(ready.get(), EPOLLIN, last);
  EXPECT_EQ(static_cast<std::uint32_t>(key), 1U);
  loop.run();
  EXPECT_EQ(last.times, 1);
}

}  // namespace
}  // namespace vedette::net
