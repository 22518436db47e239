#include "agent/collect/text.h"

#include <charconv>
#include <limits>

namespace vedette::collect {

std::optional<std::string_view> take_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::string_view take_word(std::string_view& rest) noexcept {
  const std::size_t begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  const std::size_t end = std::min(rest.find_first_of(" \t", begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> as_number(std::string_view word) noexcept {
  std::uint64_t value = 0;
  const char* last = word.data() + word.size();
  const auto [end, status] = std::from_chars(word.data(), last, value);
  if (word.empty() || status != std::errc{} || end != last) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> take_number(std::string_view& rest) noexcept {
  return as_number(take_word(rest));
}

std::int64_t clamped(std::uint64_t value) noexcept {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(value < kMost ? value : kMost);
}

}  // namespace vedette::collect
