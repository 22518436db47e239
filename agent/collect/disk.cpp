#include "agent/collect/disk.h"

#include <algorithm>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool left_out(std::string_view name) {
  constexpr std::array<std::string_view, 7> kPrefixes{"loop", "ram", "zram", "fd", "sr", "dm-", "md"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return name.starts_with(prefix) && name.size() > prefix.size() && digit(name[prefix.size()]);
  });
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
  disk.writes = fields[4];
  disk.sectors_written = fields[6];
  disk.io_ms = fields[9];
  return disk;
}

}  // namespace

units::Result<std::vector<DiskStats>> parse_diskstats(std::string_view text) {
  std::vector<DiskStats> disks;
  bool any = text.empty();
  while (const auto line = take_line(text)) {
    const auto disk = parse_disk(*line);
    any = any || disk;
    if (disk && !left_out(disk->name)) disks.push_back(*disk);
  }
  if (!any) return units::fail(units::ErrorCode::corrupt, "/proc/diskstats has no readable line");
  // Listed disks first, then the idle ones go: an idle disk still makes its partitions partitions.
  const std::vector<DiskStats> listed = disks;
  std::erase_if(disks, [&](const DiskStats& disk) {
    const std::string_view parent = parent_of(disk.name);
    return disk.reads + disk.writes == 0 ||
           (!parent.empty() && std::ranges::count(listed, parent, &DiskStats::name) > 0);
  });
  return disks;
}

const DiskSource::Numbers& DiskSource::numbers_of(std::string_view device, Roster& roster) {
  if (const auto known = numbers_.find(device); known != numbers_.end()) return known->second;
  static constexpr Numbers kNone{kRefused, kRefused, kRefused, kRefused, kRefused};
  if (roster.full()) return kNone;
  const Numbers numbers{
      .read_bytes = roster.add("system.disk.io", {{"device", device}, {"direction", "read"}}),
      .written_bytes = roster.add("system.disk.io", {{"device", device}, {"direction", "write"}}),
      .reads = roster.add("system.disk.operations", {{"device", device}, {"direction", "read"}}),
      .writes = roster.add("system.disk.operations", {{"device", device}, {"direction", "write"}}),
      .io_time = roster.add("system.disk.io_time", {{"device", device}}),
  };
  return numbers_.emplace(device, numbers).first->second;
}

units::Result<void> DiskSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto disks = parse_diskstats(*text);
  if (!disks) return std::unexpected(disks.error());
  for (const DiskStats& disk : *disks) {
    const Numbers& numbers = numbers_of(disk.name, draft.roster());
    draft.put(numbers.read_bytes, clamped(disk.sectors_read));
    draft.put(numbers.written_bytes, clamped(disk.sectors_written));
    draft.put(numbers.reads, clamped(disk.reads));
    draft.put(numbers.writes, clamped(disk.writes));
    draft.put(numbers.io_time, clamped(disk.io_ms));
  }
  return {};
}

}  // namespace vedette::collect
