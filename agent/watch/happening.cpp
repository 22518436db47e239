#include "agent/watch/happening.h"

#include <algorithm>

#include "schema/units/utf8.h"

namespace vedette::watch {
namespace {

constexpr std::size_t kLongest = 500;  ///< bytes: a line that people read
}  // namespace

// FNV-1a, 64 bits (draft-eastlake-fnv): few happenings of one host, so that two alike are as good as impossible.
std::uint64_t id_of(const wire::Id128& origin, std::string_view what) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const std::uint8_t byte : origin) add(byte);
  for (const char byte : what) add(static_cast<unsigned char>(byte));
  return hash == 0 ? 1 : hash;
}

std::string one_line(std::string_view text) {
  std::string line(units::cut_utf8(units::repair_utf8(text.substr(0, kLongest + 4)), kLongest));
  std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return line;
}

}  // namespace vedette::watch
