// What the suite asks of both roles, and no product needs.
#pragma once

#include <cstddef>

namespace vedette::conformance {

inline constexpr std::size_t kLongestMessage = 16UL * 1024 * 1024;
inline constexpr std::size_t kMostFragments = 65'536 + 1;  ///< the suite ends its 65,536 with an empty one

}  // namespace vedette::conformance
