#include "agent/collect/cgroup_files.h"

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

struct Device {
  std::uint32_t major, minor;
};

/// "8:16"
std::optional<Device> as_device(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = as_number(word.substr(0, colon)), minor = as_number(word.substr(colon + 1));
  if (!major || !minor || *major > UINT32_MAX || *minor > UINT32_MAX) return std::nullopt;
  return Device{static_cast<std::uint32_t>(*major), static_cast<std::uint32_t>(*minor)};
}

void add(std::optional<std::uint64_t>& sum, std::uint64_t value) {
  sum = sum.value_or(0) + value;
}

std::optional<std::uint64_t>* field_of(std::string_view key, CgroupFigures& figures) {
  if (key == "rbytes") return &figures.read_bytes;
  if (key == "wbytes") return &figures.written_bytes;
  if (key == "rios") return &figures.reads;
  if (key == "wios") return &figures.writes;
  return nullptr;
}

void take_throttling(std::string_view text, std::string_view time, std::uint64_t per_us, CgroupFigures& figures) {
  const auto periods = number_of_key(text, "nr_periods");
  if (periods.value_or(0) == 0) return;
  figures.periods = periods;
  figures.throttled_periods = number_of_key(text, "nr_throttled");
  if (const auto throttled = number_of_key(text, time)) figures.throttled_us = *throttled / per_us;
}

}  // namespace

std::optional<std::uint64_t> CgroupFigures::working_set() const {
  if (!memory || !inactive_file) return std::nullopt;
  return *memory > *inactive_file ? *memory - *inactive_file : 0;
}

std::optional<std::uint64_t> number_of_key(std::string_view text, std::string_view key) {
  while (auto line = take_line(text)) {
    if (line->starts_with(key) && take_word(*line) == key) return take_number(*line);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> only_number(std::string_view text) {
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;  // version 1: the last page below 2^63
  const auto line = take_line(text);
  const auto number = line ? as_number(*line) : std::nullopt;
  return number && *number < kNoLimit ? number : std::nullopt;
}

void parse_cpu_stat(std::string_view text, CgroupFigures& figures) {
  figures.cpu_us = number_of_key(text, "usage_usec");
  take_throttling(text, "throttled_usec", 1, figures);
}

void parse_cpu_stat_v1(std::string_view text, CgroupFigures& figures) {
  take_throttling(text, "throttled_time", 1000, figures);
}

void parse_io_stat(std::string_view text, const CountsDevice& counts, CgroupFigures& figures) {
  while (auto line = take_line(text)) {
    // "8:0 rbytes=1 wbytes=2 …"; some kernels (5.10) leave a device without figures, and its newline, before another.
    bool counted = false;
    for (std::string_view word = take_word(*line); !word.empty(); word = take_word(*line)) {
      const auto equals = word.find('=');
      if (equals == std::string_view::npos) {
        const auto device = as_device(word);
        counted = device && counts(device->major, device->minor);
        continue;
      }
      auto* const field = counted ? field_of(word.substr(0, equals), figures) : nullptr;
      const auto value = as_number(word.substr(equals + 1));
      if (field != nullptr && value) add(*field, *value);
    }
  }
}

void parse_blkio(std::string_view text, const CountsDevice& counts, std::optional<std::uint64_t>& read,
                 std::optional<std::uint64_t>& written) {
  while (auto line = take_line(text)) {  // "8:0 Read 4096"; the last line is "Total 4096"
    const auto device = as_device(take_word(*line));
    const std::string_view direction = take_word(*line);
    const auto value = take_number(*line);
    if (!device || !value || (direction != "Read" && direction != "Write")) continue;
    if (counts(device->major, device->minor)) add(direction == "Read" ? read : written, *value);
  }
}

}  // namespace vedette::collect
