#include <algorithm>

#include "schema/sql/migrations.h"
#include "schema/units/log.h"
#include "server/processes/files.h"
#include "server/sqlite/migrate.h"

namespace vedette::processes {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kKeptOpen = 2;
constexpr std::size_t kRowCosts = 32;  // beside its bytes: key, header, room left in pages

void bind_host(sqlite::Statement& statement, Day day, HostNumber host) {
  statement.bind(1, key_of(host, day_begin(day))).bind(2, key_of(host, day_begin(day + 1) - units::Milliseconds{1}));
}

}  // namespace

Result<std::vector<Day>> days_in(const std::filesystem::path& directory) {
  std::vector<Day> days;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (const auto day = parse_file_name(at->path().filename().string())) days.push_back(*day);
  }
  if (error) return units::fail(ErrorCode::io, directory.string() + ": cannot be listed: " + error.message());
  std::ranges::sort(days);
  return days;
}

FilesWriter::FilesWriter(std::filesystem::path directory, std::string vfs,
                         std::function<void(const std::string&)> damaged)
    : directory_(std::move(directory)), vfs_(std::move(vfs)), damaged_(std::move(damaged)) {}

Result<sqlite::Database*> FilesWriter::database(Day day) {
  if (const auto it = open_.find(day); it != open_.end()) return &it->second;
  auto made = sqlite::Database::open(path(day), {.vfs = vfs_});
  if (!made) return std::unexpected(std::move(made.error()));
  // Before the file has a page; so that forget() gives back what it frees.
  if (auto set = made->execute("PRAGMA auto_vacuum = INCREMENTAL"); !set)
    return std::unexpected(std::move(set.error()));
  if (auto set = made->make_durable(); !set) return std::unexpected(std::move(set.error()));
  if (auto done = sqlite::migrate(*made, sql::processes_migrations()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return &open_.emplace(day, std::move(*made)).first->second;
}

void FilesWriter::close(Day day) {
  open_.erase(day);
  used_.erase(day);
}

Result<void> FilesWriter::add(Day day, std::span<const Waiting> lists) {
  auto done = insert(day, lists);
  if (!done && done.error().code == ErrorCode::corrupt) {
    auto aside = set_aside(day);
    if (!aside) return std::unexpected(std::move(aside.error()));
    damaged_(done.error().message + "; it was renamed to " + aside->filename().string() +
             " and what is new goes into a new file");
    done = insert(day, lists);
  }
  if (!done) used_.erase(day);  // what was counted isn't there
  return done;
}

Result<void> FilesWriter::insert(Day day, std::span<const Waiting> lists) {
  auto file = database(day);
  if (!file) return std::unexpected(std::move(file.error()));
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto statement = (*file)->prepare("INSERT OR IGNORE INTO top VALUES(?,?)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (const Waiting& list : lists) {
    if (forgotten_.contains(list.host)) continue;
    auto room = has_room(**file, day, list);
    if (!room) return std::unexpected(std::move(room.error()));
    if (!*room) continue;
    statement->bind(1, key_of(list.host, list.at))
        .bind_borrowed(2, {reinterpret_cast<const std::uint8_t*>(list.row.data()), list.row.size()});
    if (auto done = statement->run(); !done) return done;
  }
  return transaction->commit();
}

Result<bool> FilesWriter::has_room(sqlite::Database& database, Day day, const Waiting& list) {
  auto& used_of_day = used_[day];
  auto it = used_of_day.find(list.host);
  if (it == used_of_day.end()) {
    auto statement = database.prepare("SELECT coalesce(sum(length(v) + " + std::to_string(kRowCosts) +
                                      "), 0) FROM top WHERE k BETWEEN ? AND ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    bind_host(*statement, day, list.host);
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    it = used_of_day.emplace(list.host, static_cast<std::size_t>(statement->integer(0))).first;
  }
  if (it->second > kMostBytesADay) return false;
  it->second += list.row.size() + kRowCosts;
  if (it->second <= kMostBytesADay) return true;
  units::log_warning("a host tells more of its processes than is kept of one day; the rest is dropped",
                     {{"host_number", domain::index(list.host)}, {"file", file_name(day)}});
  return false;
}

Result<void> FilesWriter::checkpoint() {
  Result<void> all;
  for (auto& [day, database] : open_) {
    auto copied = database.checkpoint_passive();
    if (!copied && all) all = std::unexpected(std::move(copied.error()));
  }
  while (open_.size() > kKeptOpen) close(open_.begin()->first);
  return all;
}

Result<void> FilesWriter::remove(Day day) {
  close(day);
  return sqlite::remove_database(path(day), vfs_);
}

Result<std::filesystem::path> FilesWriter::set_aside(Day day) {
  close(day);
  const std::string from = path(day).string();
  std::string to = from + ".damaged";
  std::error_code error;
  for (int n = 2; std::filesystem::exists(to, error); ++n) to = from + ".damaged-" + std::to_string(n);
  std::filesystem::rename(from, to, error);
  if (error) return units::fail(ErrorCode::io, from + ": damaged, and can't be renamed: " + error.message());
  // With its log the file can still be looked into; the index beside it is rebuilt by whoever does.
  std::error_code ignored;
  std::filesystem::rename(from + "-wal", to + "-wal", ignored);
  std::filesystem::remove(from + "-shm", ignored);
  return to;
}

Result<void> FilesWriter::forget_in(Day day, HostNumber host) {
  auto file = database(day);
  if (!file) return std::unexpected(std::move(file.error()));
  used_[day].erase(host);
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  {
    auto statement = (*file)->prepare("DELETE FROM top WHERE k BETWEEN ? AND ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    bind_host(*statement, day, host);
    if (auto done = statement->run(); !done) return done;
  }
  if (auto done = transaction->commit(); !done) return done;
  if (auto done = (*file)->execute("PRAGMA incremental_vacuum"); !done) return done;
  return (*file)->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

// A damaged file keeps the others from nothing, and has nothing that anybody is shown.
Result<void> FilesWriter::forget(HostNumber host) {
  forgotten_.insert(host);
  const auto days = days_in(directory_);
  if (!days) return std::unexpected(days.error());
  Result<void> all;
  for (const Day day : *days) {
    auto done = forget_in(day, host);
    if (!done && done.error().code == ErrorCode::corrupt) {
      damaged_(done.error().message);
      continue;
    }
    if (!done && all) all = std::move(done);
  }
  while (open_.size() > kKeptOpen) close(open_.begin()->first);
  return all;
}

}  // namespace vedette::processes
