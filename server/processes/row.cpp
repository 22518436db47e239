#include "server/processes/row.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "schema/units/bytes.h"
#include "schema/units/utf8.h"

namespace vedette::processes {

using domain::HostNumber;
using domain::Process;
using domain::ProcessList;
using units::ErrorCode;
using units::Instant;
using units::Result;

namespace {

constexpr int kTimeBits = 27;
constexpr std::int64_t kTimeMask = (std::int64_t{1} << kTimeBits) - 1;
static_assert(kDayLength.count() <= kTimeMask);
constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kPrefix = "top-", kSuffix = ".db";

void put_text(std::string& out, std::string_view text) {
  units::put_varint(out, text.size());
  out += text;
}

// What a row holds next; of the wrong shape everything is nothing from then on.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto n = good_ ? bytes_.varint() : std::nullopt;
    good_ = n && *n <= most;
    return good_ ? *n : 0;
  }
  std::uint32_t small() { return static_cast<std::uint32_t>(number(std::numeric_limits<std::uint32_t>::max())); }
  std::string text() {
    const std::uint64_t size = number();
    const auto bytes = good_ ? bytes_.take(size) : std::nullopt;
    good_ = bytes.has_value();
    if (!good_) return {};
    std::string out(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    good_ = units::is_utf8(out);
    return out;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool ended() const { return good_ && bytes_.remaining() == 0; }

 private:
  units::ByteReader bytes_;
  bool good_ = true;
};

Process read_process(Reader& in) {
  Process one;
  one.pid = in.small();
  one.name = in.text();
  one.cpu_permille = in.small();
  one.memory_kib = in.number();
  one.arguments = in.text();
  one.read_bytes = in.number();
  one.written_bytes = in.number();
  return one;
}

}  // namespace

Day day_of(Instant at) noexcept {
  return static_cast<Day>(std::chrono::floor<std::chrono::days>(at).time_since_epoch().count());
}

Instant day_begin(Day day) noexcept {
  return Instant{std::chrono::days(day)};
}

std::int64_t key_of(HostNumber host, Instant at) noexcept {
  return std::int64_t{domain::index(host)} << kTimeBits | (at - day_begin(day_of(at))).count();
}

HostNumber host_of(std::int64_t key) noexcept {
  return HostNumber{static_cast<std::uint32_t>(key >> kTimeBits)};
}

Instant time_of(Day day, std::int64_t key) noexcept {
  return day_begin(day) + units::Milliseconds{key & kTimeMask};
}

std::string file_name(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days(day)}};
  char digits[16];
  const int n = static_cast<int>(date.year()) * 10'000 + static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
                static_cast<int>(static_cast<unsigned>(date.day()));
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  std::string padded(digits, end);
  padded.insert(0, 8 - std::min<std::size_t>(8, padded.size()), '0');
  return std::string(kPrefix) + padded + std::string(kSuffix);
}

std::optional<Day> parse_file_name(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return std::nullopt;
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  unsigned n = 0;
  const char* const from = name.data() + kPrefix.size();
  const auto [end, fault] = std::from_chars(from, from + kDigits, n);
  if (fault != std::errc{} || end != from + kDigits) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(n / 10'000)},
                                         std::chrono::month{n / 100 % 100}, std::chrono::day{n % 100}};
  if (!date.ok() || date.year() < std::chrono::year{1970}) return std::nullopt;
  return static_cast<Day>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::string encode_row(const ProcessList& list) {
  std::string out(1, static_cast<char>(kVersion));
  units::put_varint(out, static_cast<std::uint64_t>(list.span.count()));
  units::put_varint(out, list.count);
  units::put_varint(out, list.top.size());
  for (const Process& one : list.top) {
    units::put_varint(out, one.pid);
    put_text(out, one.name);
    units::put_varint(out, one.cpu_permille);
    units::put_varint(out, one.memory_kib);
    put_text(out, one.arguments);
    units::put_varint(out, one.read_bytes);
    units::put_varint(out, one.written_bytes);
  }
  return out;
}

Result<ProcessList> decode_row(Instant at, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return units::fail(ErrorCode::corrupt, "a list of processes is empty");
  if (bytes[0] != kVersion) {
    // Versions count up: one far away was never written.
    const bool later = bytes[0] > kVersion && bytes[0] < 64;
    return units::fail(later ? ErrorCode::version : ErrorCode::corrupt,
                       "a list of processes is of version " + std::to_string(bytes[0]) + "; this program reads 1");
  }
  Reader in(bytes.subspan(1));
  ProcessList list{.at = at};
  list.span = units::Milliseconds{static_cast<std::int64_t>(in.number(static_cast<std::uint64_t>(kDayLength.count())))};
  list.count = in.small();
  const std::uint64_t size = in.number(kMostProcesses);
  for (std::uint64_t n = 0; n < size && in.good(); ++n) list.top.push_back(read_process(in));
  if (!in.ended()) return units::fail(ErrorCode::corrupt, "a list of processes is damaged");
  return list;
}

}  // namespace vedette::processes
