// How a target says that a promise was broken, in every build.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace vedette::fuzz {

inline void require(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace vedette::fuzz
