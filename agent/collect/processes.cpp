#include "agent/collect/processes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "agent/collect/facts.h"
#include "agent/collect/proc_file.h"
#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

constexpr std::size_t kLongestStat = 1'024;
constexpr std::size_t kLongestArguments = 512;
constexpr std::uint32_t kLeastPermille = 5;  // of a core
constexpr std::uint64_t kLeastKib = 1'024;

double ticks_per_second() {
  static const auto hz = ::sysconf(_SC_CLK_TCK);
  return static_cast<double>(hz > 0 ? hz : 100);
}

std::uint64_t page_kib() {
  static const auto bytes = ::sysconf(_SC_PAGESIZE);
  return static_cast<std::uint64_t>(bytes > 0 ? bytes : 4096) / 1024;
}

void count(ProcessCounts& counts, const ProcessStat& stat) {
  counts.threads += stat.threads;
  switch (stat.state) {
    case 'R':
      ++counts.running;
      return;
    case 'D':
      ++counts.blocked;
      return;
    case 'T':
    case 't':
      ++counts.stopped;
      return;
    case 'Z':
    case 'X':
    case 'x':
      ++counts.zombie;
      return;
    default:  // S, I, and what other kernels call a kind of sleep: W, K, P
      ++counts.sleeping;
  }
}

}  // namespace

std::optional<ProcessStat> parse_pid_stat(std::string_view text) {
  // "PID (name) S …": the name ends at the last bracket.
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  ProcessStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  const std::string_view state = take_word(rest);
  if (state.size() != 1) return std::nullopt;
  stat.state = state[0];
  for (int field = 4; field <= 24; ++field) {
    const std::string_view word = take_word(rest);
    const auto number = as_number(word.ends_with('\n') ? word.substr(0, word.size() - 1) : word);
    const bool is_signed = field == 8 || (field >= 16 && field <= 19);
    if (word.empty() || (!number && !is_signed)) return std::nullopt;
    if (field == 14 || field == 15) stat.ticks += *number;
    if (field == 20) stat.threads = static_cast<std::uint32_t>(*number);
    if (field == 22) stat.started = *number;
    if (field == 24) stat.pages = *number;
  }
  return stat;
}

ProcessScan::ProcessScan(std::string proc, bool arguments)
    : proc_(std::move(proc)), with_arguments_(arguments), buffer_(kLongestStat, '\0') {}

std::optional<ProcessStat> ProcessScan::read(std::uint32_t pid) {
  std::array<char, 32> path{};
  std::memcpy(std::to_chars(path.data(), path.data() + 16, pid).ptr, "/stat", 6);
  const int fd = ::openat(::dirfd(directory_.get()), path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const ssize_t size = ::read(fd, buffer_.data(), buffer_.size());
  ::close(fd);
  return size > 0 ? parse_pid_stat({buffer_.data(), static_cast<std::size_t>(size)}) : std::nullopt;
}

/// Those of the scan before with smaller numbers weren't there any more. They are kept until they were reported.
void ProcessScan::keep_ended(std::uint32_t before) {
  for (; at_ < before_.size() && before_[at_].pid < before; ++at_) {
    if (before_[at_].ticks == before_[at_].reported) continue;
    entries_.push_back(std::move(before_[at_]));
    entries_.back().there = false;
  }
}

void ProcessScan::take(std::uint32_t pid, const ProcessStat& stat) {
  keep_ended(pid);
  std::uint64_t reported = reported_ ? 0 : stat.ticks;  // what it used before we came is nobody's spike
  for (; at_ < before_.size() && before_[at_].pid == pid; ++at_) {
    if (before_[at_].started == stat.started) reported = before_[at_].reported;
  }
  Entry& entry = entries_.emplace_back(Entry{.pid = pid,
                                             .started = stat.started,
                                             .ticks = stat.ticks,
                                             .reported = reported,
                                             .pages = stat.pages,
                                             .name = {},
                                             .there = true});
  stat.name.copy(entry.name.data(), entry.name.size() - 1);
}

void ProcessScan::list() {
  ::rewinddir(directory_.get());
  pids_.clear();
  while (const dirent* const entry = ::readdir(directory_.get())) {
    const auto pid = as_number(entry->d_name);
    if (pid && *pid < UINT32_MAX) pids_.push_back(static_cast<std::uint32_t>(*pid));
  }
  if (!std::ranges::is_sorted(pids_)) std::ranges::sort(pids_);  // the kernel lists them so
}

units::Result<ProcessCounts> ProcessScan::scan(units::Steady now) {
  if (!directory_) directory_.reset(::opendir(proc_.c_str()));
  if (!directory_) {
    return units::fail(units::ErrorCode::io, "can't read " + proc_ + ": " + std::strerror(errno));
  }
  list();
  std::swap(entries_, before_);
  entries_.clear();
  at_ = 0;
  ProcessCounts counts;
  for (const std::uint32_t pid : pids_) {
    const auto stat = read(pid);
    if (!stat) continue;
    take(pid, *stat);
    count(counts, *stat);
  }
  keep_ended(UINT32_MAX);
  count_ = counts.all();
  scanned_ = now;
  return counts;
}

std::string ProcessScan::arguments_of(std::uint32_t pid) const {
  std::string text = read_once(proc_ + "/" + std::to_string(pid) + "/cmdline");
  while (text.ends_with('\0')) text.pop_back();
  std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return as_fact(text, kLongestArguments);
}

wire::Process ProcessScan::told(const Entry& entry, double seconds) const {
  const auto used = static_cast<double>(entry.ticks - entry.reported) / ticks_per_second();
  return {.pid = entry.pid,
          .name = as_fact(entry.name.data(), entry.name.size()),
          .cpu_permille = static_cast<std::uint32_t>(used / seconds * 1000 + 0.5),
          .memory_kib = entry.there ? entry.pages * page_kib() : 0,
          .arguments = with_arguments_ && entry.there ? arguments_of(entry.pid) : std::string()};
}

std::optional<wire::Processes> ProcessScan::report(std::size_t most) {
  const auto since = std::exchange(reported_, scanned_);
  const auto span = since ? std::chrono::round<units::Milliseconds>(scanned_ - *since) : units::Milliseconds{0};
  std::optional<wire::Processes> all;
  if (span > units::Milliseconds{0}) {
    all = wire::Processes{.span = span, .count = count_, .top = {}};
    const double seconds = std::chrono::duration<double>(span).count();
    std::vector<const Entry*> order;
    order.reserve(entries_.size());
    for (const Entry& entry : entries_) order.push_back(&entry);
    const auto add = [&](auto less, auto matters) {
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(most, order.size()));
      std::ranges::partial_sort(order, end, less);
      for (auto at = order.begin(); at != end; ++at) {
        auto process = told(**at, seconds);
        if (!matters(process)) continue;
        all->top.push_back(std::move(process));
        *at = nullptr;
      }
      std::erase(order, nullptr);  // none twice
    };
    const auto cpu = [](const Entry* entry) { return entry->ticks - entry->reported; };
    add([&](const Entry* a, const Entry* b) { return cpu(a) > cpu(b); },
        [](const wire::Process& one) { return one.cpu_permille >= kLeastPermille; });
    add([](const Entry* a, const Entry* b) { return a->there * a->pages > b->there * b->pages; },
        [](const wire::Process& one) { return one.memory_kib >= kLeastKib; });
  }
  for (Entry& entry : entries_) entry.reported = entry.ticks;
  return all;
}

units::Result<void> ProcessSource::read(Draft& draft) {
  const auto counts = scan_.scan(clock_());
  if (!counts) return std::unexpected(counts.error());
  const std::array all{counts->running, counts->sleeping, counts->blocked, counts->stopped, counts->zombie};
  for (std::size_t n = 0; n < all.size(); ++n) counts_[n].put(draft, all[n]);
  return {};
}

}  // namespace vedette::collect
