#include <algorithm>

#include "server/processes/files.h"

namespace vedette::processes {

using domain::HostNumber;
using domain::ProcessList;
using units::ErrorCode;
using units::Instant;
using units::Result;

namespace {

constexpr units::Milliseconds kStep{1};  // between one instant and the next
constexpr std::string_view kUpwards = "SELECT k, v FROM top WHERE k BETWEEN ? AND ? ORDER BY k LIMIT ?";
constexpr std::string_view kDownwards = "SELECT k, v FROM top WHERE k BETWEEN ? AND ? ORDER BY k DESC LIMIT ?";

}  // namespace

Result<std::vector<ProcessList>> FilesReader::lists(HostNumber host, Instant from, Instant to) const {
  auto found = read(host, {.from = from,
                           .to = to,
                           .newest_first = true,
                           .lists = domain::ProcessRecords::kMostLists,
                           .bytes = domain::ProcessRecords::kMostBytes});
  if (found) std::ranges::reverse(*found);
  return found;
}

// Spans don't overlap, so the first that ends at `at` or later is the one that may hold it; none is longer than a day.
Result<std::optional<ProcessList>> FilesReader::nearest(HostNumber host, Instant at, units::Milliseconds within) const {
  auto after = read(host, {.from = at, .to = at + kDayLength, .newest_first = false, .lists = 1, .bytes = 1});
  if (!after) return std::unexpected(std::move(after.error()));
  std::optional<ProcessList> best;
  if (!after->empty()) best = std::move(after->front());
  if (best && best->at - best->span <= at) return best;
  if (best && best->at - at > within) best.reset();
  auto before = read(host, {.from = at - within, .to = at - kStep, .newest_first = true, .lists = 1, .bytes = 1});
  if (!before) return std::unexpected(std::move(before.error()));
  if (before->empty()) return best;
  if (best && best->at - at < at - before->front().at) return best;
  return std::move(before->front());
}

Result<std::vector<ProcessList>> FilesReader::read(HostNumber host, Stretch stretch) const {
  std::vector<ProcessList> out;
  if (stretch.to < stretch.from) return out;
  auto days = days_in(directory_);
  if (!days) return std::unexpected(std::move(days.error()));
  std::erase_if(*days, [&](Day day) { return day_begin(day + 1) <= stretch.from || day_begin(day) > stretch.to; });
  if (stretch.newest_first) std::ranges::reverse(*days);
  for (const Day day : *days) {
    if (out.size() >= stretch.lists || stretch.bytes == 0) break;
    auto done = read_day(day, host, stretch, out);
    std::error_code error;
    const bool gone = !done && !std::filesystem::exists(directory_ / file_name(day), error);
    if (done || gone) continue;
    if (done.error().code != ErrorCode::corrupt) return std::unexpected(std::move(done.error()));
    damaged_(done.error().message);
  }
  return out;
}

Result<void> FilesReader::read_day(Day day, HostNumber host, Stretch& left, std::vector<ProcessList>& out) const {
  auto database = sqlite::Database::open(directory_ / file_name(day), {.read_only = true, .vfs = vfs_});
  if (!database) return std::unexpected(std::move(database.error()));
  // One that is just being made has no table yet.
  auto tables = database->scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'top'");
  if (!tables) return std::unexpected(std::move(tables.error()));
  if (tables->value_or(0) == 0) return {};
  auto statement = database->prepare(left.newest_first ? kDownwards : kUpwards);
  if (!statement) return std::unexpected(std::move(statement.error()));
  statement->bind(1, key_of(host, std::max(left.from, day_begin(day))))
      .bind(2, key_of(host, std::min(left.to, day_begin(day + 1) - kStep)))
      .bind(3, static_cast<std::int64_t>(left.lists - out.size()));
  while (left.bytes > 0) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    const auto row = statement->blob(1);
    const Instant at = time_of(day, statement->integer(0));
    left.bytes -= std::min(left.bytes, row.size());
    if (auto list = decode_row(at, row)) {
      out.push_back(std::move(*list));
    } else {
      damaged_(database->path() + ", " + units::date_utc(at) + ": " + list.error().message);
    }
  }
  return {};
}

}  // namespace vedette::processes
