#include "agent/jobs/last_lines.h"

#include <algorithm>
#include <utility>

#include "schema/units/utf8.h"

namespace vedette::jobs {

void LastLines::add(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n' || c == '\r') {
      end_line();
    } else if (open_.size() < kLongest) {
      open_ += c >= 0 && c < ' ' ? ' ' : c;
    }
  }
}

void LastLines::end_line() {
  if (std::ranges::all_of(open_, [](char c) { return c == ' '; })) return open_.clear();
  lines_.push_back(std::exchange(open_, {}));
  if (lines_.size() > kMost) lines_.pop_front();
}

std::string LastLines::text() const {
  LastLines all = *this;
  all.end_line();
  std::string text;
  for (const std::string& line : all.lines_) text += (text.empty() ? "" : "\n") + units::repair_utf8(line);
  return text;
}

}  // namespace vedette::jobs
