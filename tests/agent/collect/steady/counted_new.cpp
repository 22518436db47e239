#include "tests/agent/collect/steady/counted_new.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
thread_local bool counting = false;
}  // namespace

void* operator new(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(std::max<std::size_t>(size, 1))) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace vedette::collect {

void begin_counting() noexcept {
  allocations = 0;
  counting = true;
}

std::size_t end_counting() noexcept {
  counting = false;
  return allocations;
}

}  // namespace vedette::collect
