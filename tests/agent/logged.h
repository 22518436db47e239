// The log of one test.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/log.h"

namespace vedette::tests {

/// What is logged on the test's thread while it lives.
class Logged {
 public:
  Logged() {
    units::bind_log([this](units::Level, std::string_view line) { lines_ += line; });
  }
  ~Logged() { units::bind_log({}); }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;

  [[nodiscard]] const std::string& text() const { return lines_; }
  /// How often `words` stands in it.
  [[nodiscard]] std::size_t count(std::string_view words) const {
    std::size_t times = 0;
    for (std::size_t at = lines_.find(words); at != std::string::npos; at = lines_.find(words, at + 1)) ++times;
    return times;
  }

 private:
  std::string lines_;
};

}  // namespace vedette::tests
