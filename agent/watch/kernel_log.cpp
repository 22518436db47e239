#include "agent/watch/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace vedette::watch {
namespace {

constexpr int kKernel = 0;  // the facility
constexpr int kError = 3;

template <class Number>
std::optional<Number> take_field(std::string_view& head) {
  Number value{};
  const auto [end, status] = std::from_chars(head.data(), head.data() + head.size(), value);
  if (status != std::errc{}) return std::nullopt;
  head.remove_prefix(static_cast<std::size_t>(end - head.data()));
  if (!head.empty() && head.front() == ',') head.remove_prefix(1);
  return value;
}

/// "Killed process 812 (postgres) total-vm…" as (812, postgres). Names may hold anything, brackets too.
std::optional<Verdict> oom_kill(std::string_view text) {
  constexpr std::string_view kKilled = "Killed process ";
  const auto at = text.find(kKilled);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(at + kKilled.size());
  const auto open = rest.find(" (");
  auto close = rest.find(") total-vm");
  if (close == std::string_view::npos) close = rest.find("), ");  // before Linux 5.1: "(name), UID …" in some
  if (close == std::string_view::npos) close = rest.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) return std::nullopt;
  const bool group = text.starts_with("Memory cgroup");
  return Verdict{"oom_kill", "the kernel killed " + std::string(rest.substr(open + 2, close - open - 2)) + " (pid " +
                                 std::string(rest.substr(0, open)) +
                                 (group ? "): its group's memory limit was reached" : "): memory was out")};
}

/// How file systems say that they stop writing: ext4, XFS, Btrfs, F2FS, JBD2.
bool says_read_only(std::string_view text) {
  constexpr std::array<std::string_view, 5> kWords{"Remounting filesystem read-only", "forced readonly",
                                                   "Shutting down filesystem", "shut down filesystem",
                                                   "Aborting journal on device"};
  return std::ranges::any_of(kWords, [&](std::string_view words) { return text.contains(words); });
}

}  // namespace

std::optional<KernelLine> parse_record(std::string_view record) {
  const auto semicolon = record.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view head = record.substr(0, semicolon);
  const auto prefix = take_field<unsigned>(head);
  const auto sequence = take_field<std::uint64_t>(head);
  const auto time = take_field<std::int64_t>(head);
  if (!prefix || !sequence || !time || *prefix >> 3 != kKernel) return std::nullopt;
  std::string_view text = record.substr(semicolon + 1);
  text = text.substr(0, text.find('\n'));  // " KEY=value" lines follow
  return KernelLine{static_cast<int>(*prefix & 7), *sequence, std::chrono::microseconds(*time), text};
}

std::optional<Verdict> judge(const KernelLine& line) {
  if (auto killed = oom_kill(line.text)) return killed;
  if (says_read_only(line.text)) return Verdict{"read_only", one_line(line.text)};
  if (line.priority <= kError) return Verdict{"kernel_error", one_line(line.text)};
  return std::nullopt;
}

std::optional<Happening> KernelEvents::take(const KernelLine& line, units::Instant at, bool past) {
  auto verdict = judge(line);
  if (!verdict) return std::nullopt;
  Happening happening{.at = at,
                      .kind = std::string(verdict->kind),
                      .text = one_line(verdict->text),
                      .count = 1,
                      .id = id_of(boot_, "kernel " + std::to_string(line.sequence))};
  if (verdict->kind != "kernel_error") return happening;
  if (past) return std::nullopt;  // most machines log some while they start
  if (told_ && at - *told_ < kPause) {
    ++untold_;
    return std::nullopt;
  }
  told_ = at;
  happening.count += std::exchange(untold_, 0);
  return happening;
}

KernelLog::KernelLog(const wire::Id128& boot, std::string path)
    : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), events_(boot) {
  if (fd_ < 0) trouble_ = "can't open " + path + ": " + std::strerror(errno);
}

KernelLog::~KernelLog() {
  if (fd_ >= 0) ::close(fd_);
}

void KernelLog::read(units::Instant now, std::chrono::microseconds since_boot, const Tell& tell) {
  for (int lines = 0; fd_ >= 0 && lines < kMostLines; ++lines) {
    const ssize_t size = ::read(fd_, record_.data(), record_.size());
    if (size < 0 && errno == EPIPE) continue;  // older lines were overwritten before we read them
    if (size <= 0) {
      caught_up_ = true;
      return;
    }
    const auto line = parse_record({record_.data(), static_cast<std::size_t>(size)});
    if (!line) continue;
    // What was just written has just happened; the kernel's clock knows no suspend.
    const auto ago = caught_up_ ? std::chrono::microseconds{0} : std::max(since_boot - line->since_boot, {});
    if (auto happening = events_.take(*line, std::chrono::floor<units::Milliseconds>(now - ago), !caught_up_)) {
      tell(std::move(*happening));
    }
  }
}

}  // namespace vedette::watch
