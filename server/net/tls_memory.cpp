#include "server/net/tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace vedette::net {
namespace {

// A record of 2^14 bytes with header, tag and alignment; the margin is other versions'.
constexpr std::size_t kLeast = 16 * 1024, kMost = 18 * 1024;

// malloc gives a block of kMost at most so much more.
constexpr std::size_t kSlack = 64;

class Spares {
 public:
  ~Spares() {
    while (count_ > 0) ::free(blocks_[--count_]);
    open_ = false;  // what the thread still gives back goes to the allocator
  }
  void* take() noexcept { return count_ > 0 ? blocks_[--count_] : nullptr; }
  bool give(void* block) noexcept {
    if (!open_ || count_ == blocks_.size()) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::array<void*, 4> blocks_{};
  std::size_t count_ = 0;
  bool open_ = true;
};
thread_local Spares spares;

bool is_record_buffer(std::size_t size) noexcept {
  return size > kLeast && size <= kMost;
}

void* allocate(std::size_t size, const char*, int) {
  if (!is_record_buffer(size)) return ::malloc(size);
  void* const spare = spares.take();
  return spare != nullptr ? spare : ::malloc(kMost);
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
void* reallocate(void* block, std::size_t size, const char*, int) {
  return ::realloc(block, size);
}

void release(void* block, const char*, int) {
  if (block == nullptr) return;
  const std::size_t usable = ::malloc_usable_size(block);
  if (usable >= kMost && usable <= kMost + kSlack && spares.give(block)) return;
  ::free(block);
}

}  // namespace

bool keep_record_buffers() noexcept {
  return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

}  // namespace vedette::net
