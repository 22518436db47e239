#include "agent/collect/disk.h"

#include <algorithm>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// "sda" of "sda1", "nvme0n1" of "nvme0n1p2"; empty if the name isn't formed like a partition's.
std::string_view parent_of(std::string_view name) {
  const std::size_t last = name.find_last_not_of(kDigits);
  if (last == std::string_view::npos || last + 1 == name.size()) return {};
  const std::string_view stem = name.substr(0, last + 1);
  if (stem.back() == 'p' && stem.size() > 1 && digit(stem[stem.size() - 2])) return stem.substr(0, stem.size() - 1);
  return stem;
}

std::optional<DiskStats> parse_disk(std::string_view line) {
  if (!take_number(line) || !take_number(line)) return std::nullopt;
  DiskStats disk;
  disk.name = take_word(line);
  std::array<std::uint64_t, 11> fields{};
  for (std::uint64_t& field : fields) {
    const auto number = take_number(line);
    if (!number) return std::nullopt;
    field = *number;
  }
  disk.reads = fields[0];
  disk.sectors_read = fields[2];
  disk.read_ms = fields[3];
  disk.writes = fields[4];
  disk.sectors_written = fields[6];
  disk.write_ms = fields[7];
  disk.in_flight = fields[8];
  disk.io_ms = fields[9];
  disk.weighted_ms = fields[10];
  return disk;
}

}  // namespace

bool is_left_out_disk(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 7> kPrefixes{"loop", "ram", "zram", "fd", "sr", "dm-", "md"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return name.starts_with(prefix) && name.size() > prefix.size() && digit(name[prefix.size()]);
  });
}

units::Result<void> parse_diskstats(std::string_view text, std::vector<DiskStats>& disks) {
  disks.clear();
  bool any = text.empty();
  while (const auto line = take_line(text)) {
    const auto disk = parse_disk(*line);
    any = any || disk;
    if (disk && !is_left_out_disk(disk->name)) disks.push_back(*disk);
  }
  if (!any) return units::fail(units::ErrorCode::corrupt, "/proc/diskstats has no readable line");
  // Judged before any goes: an idle disk still makes its partitions partitions.
  for (DiskStats& disk : disks) {
    const std::string_view parent = parent_of(disk.name);
    const bool partition = !parent.empty() && std::ranges::find(disks, parent, &DiskStats::name) != disks.end();
    disk.kept = disk.reads + disk.writes > 0 && !partition;
  }
  std::erase_if(disks, [](const DiskStats& disk) { return !disk.kept; });
  return {};
}

const DiskSource::Numbers& DiskSource::numbers_of(std::string_view device, Roster& roster) {
  if (const auto known = numbers_.find(device); known != numbers_.end()) return known->second;
  static constexpr Numbers kNone{kRefused, kRefused, kRefused, kRefused, kRefused,
                                 kRefused, kRefused, kRefused, kRefused};
  if (roster.full()) return kNone;
  const auto one = [&](std::string_view metric) { return roster.add(metric, {{"device", device}}); };
  const auto each = [&](std::string_view metric, std::string_view direction) {
    return roster.add(metric, {{"device", device}, {"direction", direction}});
  };
  const Numbers numbers{
      .read_bytes = each("system.disk.io", "read"),
      .written_bytes = each("system.disk.io", "write"),
      .reads = each("system.disk.operations", "read"),
      .writes = each("system.disk.operations", "write"),
      .read_time = each("system.disk.operation_time", "read"),
      .write_time = each("system.disk.operation_time", "write"),
      .io_time = one("system.disk.io_time"),
      .in_flight = one("system.disk.pending_operations"),
      .weighted = one("system.disk.weighted_io_time"),
  };
  return numbers_.emplace(device, numbers).first->second;
}

units::Result<void> DiskSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  if (const auto parsed = parse_diskstats(*text, disks_); !parsed) return parsed;
  for (const DiskStats& disk : disks_) {
    const Numbers& numbers = numbers_of(disk.name, draft.roster());
    draft.put(numbers.read_bytes, clamped(disk.sectors_read));
    draft.put(numbers.written_bytes, clamped(disk.sectors_written));
    draft.put(numbers.reads, clamped(disk.reads));
    draft.put(numbers.writes, clamped(disk.writes));
    draft.put(numbers.read_time, clamped(disk.read_ms));
    draft.put(numbers.write_time, clamped(disk.write_ms));
    draft.put(numbers.io_time, clamped(disk.io_ms));
    draft.put(numbers.in_flight, clamped(disk.in_flight));
    draft.put(numbers.weighted, clamped(disk.weighted_ms));
  }
  return {};
}

}  // namespace vedette::collect
