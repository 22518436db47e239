#include "agent/collect/facts.h"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/collect/container.h"
#include "agent/collect/memory.h"
#include "agent/collect/proc_file.h"
#include "agent/collect/processes.h"
#include "agent/collect/text.h"
#include "schema/units/utf8.h"

namespace vedette::collect {
namespace {

/// The value behind "key:" of a /proc/cpuinfo line, or nothing.
std::optional<std::string> value_of(std::string_view line, std::string_view key) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !line.starts_with(key)) return std::nullopt;
  if (line.substr(key.size(), colon - key.size()).find_first_not_of(" \t") != std::string_view::npos)
    return std::nullopt;
  const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
  return begin == std::string_view::npos ? std::string() : std::string(line.substr(begin));
}

std::string virtualization() {
  if (std::string container = container_kind(); !container.empty()) return container;
  std::string vendor = read_once("/sys/class/dmi/id/sys_vendor");
  while (!vendor.empty() && vendor.back() <= ' ') vendor.pop_back();
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kVendors{{{"QEMU", "kvm"},
                                                                                   {"VMware", "vmware"},
                                                                                   {"Microsoft Corporation", "hyper-v"},
                                                                                   {"Xen", "xen"},
                                                                                   {"innotek", "virtualbox"},
                                                                                   {"Amazon EC2", "amazon"}}};
  for (const auto& [prefix, name] : kVendors) {
    if (vendor.starts_with(prefix)) return std::string(name);
  }
  return read_once("/proc/cpuinfo").find(" hypervisor") != std::string::npos ? "virtual machine" : "";
}

/// Since the kernel's boot.
units::Milliseconds uptime() {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::seconds{at.tv_sec} + units::Milliseconds{at.tv_nsec / 1'000'000};
}

std::string timezone() {
  std::array<char, 512> target{};
  const ssize_t n = ::readlink("/etc/localtime", target.data(), target.size());
  return n > 0 ? timezone_of({target.data(), static_cast<std::size_t>(n)}) : "";
}

}  // namespace

std::string as_fact(std::string_view text, std::size_t limit) {
  // What is repaired is bounded too, but only behind the last character that may stay: 4 bytes at most.
  return std::string(units::cut_utf8(units::repair_utf8(text.substr(0, limit + 4)), limit));
}

std::string parse_os_release(std::string_view text) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front()) {
      line = line.substr(1, line.size() - 2);
    }
    if (!line.empty()) return as_fact(line);
  }
  return "Linux";
}

std::string parse_cpu_model(std::string_view text) {
  constexpr std::array<std::string_view, 4> kKeys{"model name", "Model", "cpu", "Hardware"};
  std::array<std::string, kKeys.size()> found;
  while (const auto line = take_line(text)) {
    for (std::size_t k = 0; k < kKeys.size(); ++k) {
      if (found[k].empty()) found[k] = value_of(*line, kKeys[k]).value_or("");
    }
  }
  const auto best = std::ranges::find_if(found, [](const std::string& value) { return !value.empty(); });
  return best == found.end() ? std::string() : as_fact(*best);
}

std::optional<units::Instant> parse_boot_time(std::string_view text) {
  while (auto line = take_line(text)) {
    if (take_word(*line) != "btime") continue;
    const auto seconds = take_number(*line);
    if (!seconds || *seconds > 1'000'000'000'000) return std::nullopt;
    return units::from_unix_ms(static_cast<std::int64_t>(*seconds) * 1000);
  }
  return std::nullopt;
}

std::optional<wire::Id128> parse_boot_id(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '-' && c != '\n') digits += c;
  }
  wire::Id128 id{};
  if (digits.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char* pair = digits.data() + 2 * i;
    const auto [end, status] = std::from_chars(pair, pair + 2, id[i], 16);
    if (status != std::errc{} || end != pair + 2) return std::nullopt;
  }
  return id;
}

std::string timezone_of(std::string_view localtime_target) {
  constexpr std::string_view kFolder = "zoneinfo/";
  const std::size_t at = localtime_target.find(kFolder);
  if (at == std::string_view::npos) return {};
  return as_fact(localtime_target.substr(at + kFolder.size()), 64);
}

wire::Facts read_facts() {
  wire::Facts facts;
  utsname system{};
  if (::uname(&system) == 0) {
    facts.hostname = as_fact(system.nodename);
    facts.kernel = as_fact(system.release);
    facts.architecture = as_fact(system.machine);
  }
  std::string release = read_once("/etc/os-release");
  if (release.empty()) release = read_once("/usr/lib/os-release");
  facts.os = parse_os_release(release);
  facts.cpu_model = parse_cpu_model(read_once("/proc/cpuinfo"));
  facts.timezone = timezone();
  facts.virtualization = virtualization();
  facts.cores = static_cast<std::uint32_t>(std::max(0L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  if (const auto memory = parse_meminfo(read_once("/proc/meminfo"))) facts.memory_bytes = memory->total * 1024;
  ProcFile stat("/proc/stat");
  if (const auto text = stat.read()) facts.boot_time = parse_boot_time(*text).value_or(units::Instant{});
  if (const auto started = started_after_kernel(); started > units::Milliseconds{0}) {
    facts.boot_time = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now()) - (uptime() - started);
  }
  return facts;
}

units::Milliseconds started_after_kernel() {
  constexpr std::chrono::minutes kMachine{1};  // the kernel starts PID 1 within seconds
  static const auto hz = std::max(1L, ::sysconf(_SC_CLK_TCK));
  const std::string text = read_once("/proc/1/stat");
  const auto stat = parse_pid_stat(text);
  if (!stat) return units::Milliseconds{0};
  const units::Milliseconds started{static_cast<std::int64_t>(stat->started / static_cast<std::uint64_t>(hz) * 1000)};
  return started < kMachine ? units::Milliseconds{0} : started;
}

wire::Id128 boot_id_of(wire::Id128 kernel, units::Milliseconds started) noexcept {
  const auto seconds = static_cast<std::uint64_t>(started.count() / 1000);
  for (std::size_t n = 0; n < 8; ++n) kernel[n] ^= static_cast<std::uint8_t>(seconds >> (8 * n));
  return kernel;
}

wire::Id128 read_boot_id() {
  const auto kernel = parse_boot_id(read_once("/proc/sys/kernel/random/boot_id")).value_or(wire::Id128{});
  return boot_id_of(kernel, started_after_kernel());
}

}  // namespace vedette::collect
