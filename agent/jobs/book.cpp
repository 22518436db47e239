#include "agent/jobs/book.h"

#include <array>
#include <charconv>
#include <utility>

namespace vedette::jobs {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

constexpr std::string_view kHead = "jobs 1\n";

std::string words_of(const JobReport& report, const JobReport::End& end) {
  std::string words = report.name;
  if (end.status > 128) {
    words += " was ended by signal " + std::to_string(end.status - 128);
  } else if (end.status != 0) {
    words += " failed with exit status " + std::to_string(end.status);
  } else {
    words += " succeeded";
  }
  words += " after " + units::spoken_duration(end.took);
  if (end.status != 0 && !report.text.empty()) words += ": " + report.text;
  for (char& c : words) {
    if (c == '\n') c = ' ';
  }
  return words;
}

std::int64_t ms_of(const std::optional<units::Instant>& at) {
  return at ? units::unix_ms(*at) : -1;
}

std::optional<units::Instant> instant_of(std::int64_t ms) {
  return ms < 0 ? std::nullopt : std::optional(units::from_unix_ms(ms));
}

/// "name user ended succeeded took status".
std::optional<std::pair<std::string, Job>> parse_line(std::string_view line) {
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos || !check_name(line.substr(0, blank))) return std::nullopt;
  std::string name(line.substr(0, blank));
  line.remove_prefix(blank);
  std::array<std::int64_t, 5> fields{};
  for (std::int64_t& field : fields) {
    if (!line.starts_with(' ')) return std::nullopt;
    const auto [end, status] = std::from_chars(line.data() + 1, line.data() + line.size(), field);
    if (status != std::errc{}) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  }
  const auto [user, ended, succeeded, took, status] = fields;
  if (!line.empty() || user < 0 || user > UINT32_MAX || ended > units::kLatestMs || succeeded > units::kLatestMs ||
      took < 0 || status < 0 || status > 255) {
    return std::nullopt;
  }
  return std::pair(std::move(name), Job{.user = static_cast<std::uint32_t>(user),
                                        .running = {},
                                        .ended = instant_of(ended),
                                        .succeeded = instant_of(succeeded),
                                        .took = units::Milliseconds{took},
                                        .status = static_cast<int>(status)});
}

}  // namespace

Result<std::optional<Book::Told>> Book::take(const JobReport& report, std::uint32_t user, units::Instant now) {
  const auto known = jobs_.find(report.name);
  if (known == jobs_.end() && jobs_.size() >= kMostJobs) {
    return fail(ErrorCode::too_large,
                "there are " + std::to_string(kMostJobs) + " jobs already; " + report.name + " isn't taken");
  }
  if (known != jobs_.end() && known->second.user != user) {
    return fail(ErrorCode::forbidden, "the job " + report.name + " is user " + std::to_string(known->second.user) +
                                          "'s; user " + std::to_string(user) + " must give theirs another name");
  }
  Job& job = jobs_[report.name];
  job.user = user;
  if (!report.end) {
    job.running = report.start;
    return std::nullopt;
  }
  job.running.reset();
  job.ended = now;
  job.took = report.end->took;
  job.status = report.end->status;
  if (job.status == 0) job.succeeded = now;
  return Told{.failed = job.status != 0,
              .words = words_of(report, *report.end),
              .which = report.name + " " + std::to_string(units::unix_ms(report.start))};
}

std::string Book::to_text() const {
  std::string text(kHead);
  for (const auto& [name, job] : jobs_) {
    text += name;
    for (const std::int64_t field : {std::int64_t{job.user}, ms_of(job.ended), ms_of(job.succeeded),
                                     std::int64_t{job.took.count()}, std::int64_t{job.status}}) {
      text += ' ' + std::to_string(field);
    }
    text += '\n';
  }
  return text;
}

Book Book::from_text(std::string_view text) {
  Book book;
  if (!text.starts_with(kHead)) return book;
  text.remove_prefix(kHead.size());
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (auto job = parse_line(text.substr(0, end)); job && book.jobs_.size() < kMostJobs) {
      book.jobs_.insert(std::move(*job));
    }
    text.remove_prefix(end + 1);
  }
  return book;
}

}  // namespace vedette::jobs
