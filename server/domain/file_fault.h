// Words for what the operating system says when a file can't be used. Pure.
#pragma once

#include <string>

namespace vedette::domain {

/// What became of the file, why, and what a person can do about it, to stand behind its path: "cannot be written: No
/// space left on device; free some space on this disk". `what` is "cannot be …", `error` an errno(3).
[[nodiscard]] std::string file_fault(const std::string& what, int error);

}  // namespace vedette::domain
