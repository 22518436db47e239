// top-YYYYMMDD.db, a file a UTC day: writing, removing and reading rows.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/processes/row.h"
#include "server/sqlite/database.h"

namespace vedette::processes {

/// The days that have a file in the directory, ascending.
[[nodiscard]] units::Result<std::vector<Day>> days_in(const std::filesystem::path& directory);

/// A list on its way to the disk.
struct Waiting {
  domain::HostNumber host{};
  std::uint64_t id = 0;
  units::Instant at{};
  std::string row;
};

/// One thread at a time.
class FilesWriter {
 public:
  /// What a host's rows of one day may take, so that one agent can't fill the disk: 60 times what ten processes a
  /// minute take.
  static constexpr std::size_t kMostBytesADay = 16U << 20;

  /// `damaged` is told of a file that was set aside.
  FilesWriter(std::filesystem::path directory, std::string vfs, std::function<void(const std::string&)> damaged);

  /// One transaction: all of this day that aren't there yet, are of no forgotten host, and have room. A file that can't
  /// be read any more is renamed to ….damaged, and the day goes on in a new one.
  [[nodiscard]] units::Result<void> add(Day day, std::span<const Waiting> lists);
  /// Copies logs into their files, as far as no reader keeps that from being done; lets go of all but the newest two.
  [[nodiscard]] units::Result<void> checkpoint();
  [[nodiscard]] units::Result<void> remove(Day day);
  [[nodiscard]] units::Result<void> forget(domain::HostNumber host);

 private:
  [[nodiscard]] std::filesystem::path path(Day day) const { return directory_ / file_name(day); }
  [[nodiscard]] units::Result<sqlite::Database*> database(Day day);
  [[nodiscard]] units::Result<void> insert(Day day, std::span<const Waiting> lists);
  [[nodiscard]] units::Result<bool> has_room(sqlite::Database& database, Day day, const Waiting& list);
  [[nodiscard]] units::Result<std::filesystem::path> set_aside(Day day);
  [[nodiscard]] units::Result<void> forget_in(Day day, domain::HostNumber host);
  void close(Day day);

  const std::filesystem::path directory_;
  const std::string vfs_;
  const std::function<void(const std::string&)> damaged_;
  std::map<Day, sqlite::Database> open_;
  std::map<Day, std::map<domain::HostNumber, std::size_t>> used_;  ///< bytes of each host, of days that are open
  std::set<domain::HostNumber> forgotten_;
};

/// Reads rows through connections of its own. Any thread.
class FilesReader {
 public:
  using Damaged = std::function<void(const std::string&)>;
  /// `damaged` is told of files and rows that are left out because they are.
  FilesReader(std::filesystem::path directory, std::string vfs, Damaged damaged)
      : directory_(std::move(directory)), vfs_(std::move(vfs)), damaged_(std::move(damaged)) {}

  /// See domain::ProcessRecords.
  [[nodiscard]] units::Result<std::vector<domain::ProcessList>> lists(domain::HostNumber host, units::Instant from,
                                                                      units::Instant to) const;
  [[nodiscard]] units::Result<std::optional<domain::ProcessList>> nearest(domain::HostNumber host, units::Instant at,
                                                                          units::Milliseconds within) const;

 private:
  struct Stretch {
    units::Instant from{}, to{};
    bool newest_first = false;
    std::size_t lists = 0;  ///< at most
    std::size_t bytes = 0;  ///< of rows; the one that exceeds them is still read
  };
  /// In the order asked for.
  [[nodiscard]] units::Result<std::vector<domain::ProcessList>> read(domain::HostNumber host, Stretch stretch) const;
  [[nodiscard]] units::Result<void> read_day(Day day, domain::HostNumber host, Stretch& left,
                                             std::vector<domain::ProcessList>& out) const;

  const std::filesystem::path directory_;
  const std::string vfs_;
  const Damaged damaged_;
};

}  // namespace vedette::processes
