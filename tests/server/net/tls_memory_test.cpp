#include "server/net/tls_memory.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

namespace vedette::net {
namespace {

constexpr std::size_t kRecord = 16'709;

// In a process of its own: OpenSSL takes other memory functions only before it has used any.
[[noreturn]] void use_buffers() {
  const auto require = [](bool holds, int line) {
    if (!holds) std::_Exit(line);
  };
  require(keep_record_buffers(), 1);
  void* const first = OPENSSL_malloc(kRecord);
  OPENSSL_free(first);
  void* const again = OPENSSL_malloc(kRecord + 100);
  require(again == first, 2);
  static_cast<char*>(again)[18 * 1024 - 1] = 'x';  // the sanitizer knows whether it is there
  std::thread([&] {
    OPENSSL_free(again);  // another thread's to keep now
    void* const there = OPENSSL_malloc(kRecord);
    require(there == again, 3);
    OPENSSL_free(there);
  }).join();  // and freed with that thread
  std::set<void*> many;
  for (int n = 0; n < 100; ++n) many.insert(OPENSSL_malloc(kRecord));
  require(many.size() == 100, 4);
  for (void* const one : many) OPENSSL_free(one);
  void* const small = OPENSSL_malloc(100);
  void* const large = OPENSSL_realloc(small, kRecord);
  require(large != nullptr, 5);
  OPENSSL_free(large);
  OPENSSL_free(nullptr);
  std::exit(0);
}

TEST(RecordBuffers, GoFromOneConnectionOfAThreadToTheNext) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(use_buffers(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace vedette::net
