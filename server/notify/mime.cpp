#include "server/notify/mime.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "schema/units/utf8.h"

namespace vedette::notify {
namespace {

constexpr std::size_t kLine = 78;
constexpr std::size_t kWord = 900;        // RFC 5322 allows 998 bytes a line
constexpr std::size_t kEncodedWord = 42;  // bytes that fill an encoded word of 75 at most

std::string_view next_word(std::string_view& rest, std::size_t limit) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::size_t space = rest.find(' ');
  std::string_view word = units::cut_utf8(rest.substr(0, space), limit);
  if (word.empty()) word = rest.substr(0, std::min(limit, rest.size()));
  rest.remove_prefix(word.size());
  return word;
}

std::string encoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view part = units::cut_utf8(text, kEncodedWord);
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(part) + "?=";
    text.remove_prefix(part.size());
  }
  return out;
}

}  // namespace

std::string one_line(std::string_view text) {
  const bool utf8 = units::is_utf8(text);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char other = byte < 0x80 || utf8 ? c : '?';
    out += byte < 0x20 || byte == 0x7f ? ' ' : other;
  }
  return out;
}

std::string header(std::string_view name, std::string_view text) {
  const std::string line = one_line(text);
  std::string out = std::string(name) + ":";
  // "=?" in plain text would be read as an encoded word.
  if (!is_ascii(line) || line.find("=?") != std::string::npos) return out + " " + encoded(line) + "\r\n";
  std::size_t column = out.size();
  std::string_view rest = line;
  for (auto word = next_word(rest, kWord); !word.empty(); word = next_word(rest, kWord)) {
    const bool fold = column + 1 + word.size() > kLine && column > name.size() + 1;
    out += fold ? "\r\n " : " ";
    out += word;
    column = (fold ? 0 : column) + 1 + word.size();
  }
  return out + "\r\n";
}

std::string wrapped(std::string_view line) {
  std::string out;
  std::size_t column = 0;
  for (auto word = next_word(line, kWord); !word.empty(); word = next_word(line, kWord)) {
    const bool fold = column > 0 && column + 1 + word.size() > kLine;
    if (column > 0) out += fold ? "\r\n" : " ";
    out += word;
    column = (fold || column == 0 ? 0 : column + 1) + word.size();
  }
  return out + "\r\n";
}

std::string mail_date(units::Instant at) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %u %s %d %s +0000", kDays[std::chrono::weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), units::clock_utc(at).c_str());
  return text.data();
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace vedette::notify
