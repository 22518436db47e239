#include "agent/jobs/report.h"

#include <algorithm>
#include <charconv>

#include "schema/units/utf8.h"

namespace vedette::jobs {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

constexpr std::int64_t kLongest = 366LL * 86'400'000;  ///< ms

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The rest of the next line, if it begins so.
std::optional<std::string_view> take_line(std::string_view& rest, std::string_view key) {
  const auto end = rest.find('\n');
  if (!rest.starts_with(key) || end == std::string_view::npos) return std::nullopt;
  const auto value = rest.substr(key.size(), end - key.size());
  rest.remove_prefix(end + 1);
  return value;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

Result<void> check_name(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= 64 && is_letter_or_digit(name.front()) &&
      std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  if (good) return {};
  return fail(ErrorCode::invalid,
              "\"" + units::repair_utf8(name.substr(0, 80)) +
                  "\" is no job's name: 1 to 64 letters, digits and \"._-\", a letter or digit first");
}

std::string encode(const JobReport& report) {
  std::string bytes = "job 1\nname " + report.name + "\nstart " + std::to_string(units::unix_ms(report.start)) + "\n";
  if (report.end) {
    bytes += "end " + std::to_string(report.end->took.count()) + " " + std::to_string(report.end->status) + "\n";
  }
  return bytes + "text " + std::string(units::cut_utf8(units::repair_utf8(report.text), kMostText));
}

Result<JobReport> decode(std::string_view bytes) {
  const auto bad = [](const char* what) { return fail(ErrorCode::invalid, std::string("a job's report ") + what); };
  if (bytes.size() > kMostReport) return bad("is too long");
  if (!take_line(bytes, "job 1")) return bad("is of another version");
  const auto name = take_line(bytes, "name ");
  if (!name) return bad("has no name");
  if (auto good = check_name(*name); !good) return std::unexpected(std::move(good.error()));
  auto start = take_line(bytes, "start ");
  const auto at = start ? take_number(*start) : std::nullopt;
  if (!at || !start->empty() || *at < units::kEarliestMs || *at > units::kLatestMs) return bad("has no start");
  JobReport report{.name = std::string(*name), .start = units::from_unix_ms(*at), .end = {}, .text = {}};
  if (auto end = take_line(bytes, "end ")) {
    const auto took = take_number(*end);
    if (!took || *took < 0 || *took > kLongest || !end->starts_with(' ')) return bad("has a bad end");
    end->remove_prefix(1);
    const auto status = take_number(*end);
    if (!status || *status < 0 || *status > 255 || !end->empty()) return bad("has a bad end");
    report.end = JobReport::End{units::Milliseconds{*took}, static_cast<int>(*status)};
  }
  if (!bytes.starts_with("text ")) return bad("has no text");
  report.text = std::string(bytes.substr(5));
  if (report.text.size() > kMostText || !units::is_utf8(report.text)) return bad("has a text that isn't UTF-8");
  return report;
}

}  // namespace vedette::jobs
