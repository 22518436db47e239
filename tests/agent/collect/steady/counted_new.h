// This program's operator new, which counts. Away from the tests: a compiler that sees through it doubts the pairs.
#pragma once

#include <cstddef>

namespace vedette::collect {

/// From now on this thread's allocations count, from 0.
void begin_counting() noexcept;
/// How many there were; they no longer count.
[[nodiscard]] std::size_t end_counting() noexcept;

}  // namespace vedette::collect
