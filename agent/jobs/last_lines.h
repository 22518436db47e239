// The last lines of what a job wrote, as far as they may travel. One owner.
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace vedette::jobs {

class LastLines {
 public:
  /// Bytes as they come; a line may come in pieces. Blank lines don't count.
  void add(std::string_view bytes);
  /// Lines joined by \n, at most kMost of kLongest bytes each.
  [[nodiscard]] std::string text() const;

  static constexpr std::size_t kMost = 10, kLongest = 190;

 private:
  void end_line();

  std::deque<std::string> lines_;
  std::string open_;  ///< without its end yet
};

}  // namespace vedette::jobs
