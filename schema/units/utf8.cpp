#include "schema/units/utf8.h"

#include <algorithm>
#include <cstring>

namespace vedette::units {
namespace {

/// Bytes of ASCII at the front, found eight at a time: most text is nothing else.
std::size_t ascii_prefix(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (at < bytes.size() && bytes[at] < 0x80) ++at;
  return at;
}

}  // namespace

bool Utf8Check::start(std::uint8_t byte) noexcept {
  // RFC 3629, section 4: the lead byte fixes how many follow and the range of the first of them.
  lowest_ = 0x80;
  highest_ = 0xBF;
  if (byte < 0xC2 || byte > 0xF4) return false;
  remaining_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) lowest_ = 0xA0;
  if (byte == 0xED) highest_ = 0x9F;
  if (byte == 0xF0) lowest_ = 0x90;
  if (byte == 0xF4) highest_ = 0x8F;
  return true;
}

bool Utf8Check::feed(std::span<const std::uint8_t> bytes) noexcept {
  while (!bytes.empty()) {
    if (remaining_ == 0) {
      bytes = bytes.subspan(ascii_prefix(bytes));
      if (bytes.empty()) return true;
      if (!start(bytes.front())) return false;
    } else {
      if (bytes.front() < lowest_ || bytes.front() > highest_) return false;
      lowest_ = 0x80;
      highest_ = 0xBF;
      --remaining_;
    }
    bytes = bytes.subspan(1);
  }
  return true;
}

bool is_utf8(std::string_view text) noexcept {
  Utf8Check check;
  return check.feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) && check.complete();
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80) --limit;
  return text.substr(0, limit);
}

namespace {

/// Bytes of the character at the front of `text`, 0 if none stands there.
std::size_t character(std::string_view text) noexcept {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text.substr(at));
    out += length == 0 ? kReplacement : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace vedette::units
