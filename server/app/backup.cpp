#include "server/app/backup.h"

#include <algorithm>

#include "server/app/backup_state.h"
#include "server/app/data_check.h"
#include "server/app/data_lock.h"
#include "server/app/version.h"
#include "server/backup/restore.h"
#include "server/backup/target.h"
#include "server/history/backup.h"
#include "server/history/chunk_files.h"
#include "server/processes/files.h"
#include "server/sqlite/database.h"

namespace vedette::app {

using backup::Target;
using history::Use;
using units::ErrorCode;
using units::Result;

namespace {

Result<std::int64_t> schema_of(const std::filesystem::path& copy) {
  auto database = sqlite::Database::open(copy, {.immutable = true});
  if (!database) return std::unexpected(std::move(database.error()));
  auto version = database->scalar("PRAGMA user_version");
  if (!version) return std::unexpected(std::move(version.error()));
  return version->value_or(0);
}

class Run {
 public:
  Run(const Backup& job, Target target, BackupMeter& meter)
      : job_(job), target_(std::move(target)), meter_(meter), hosts_(host_names(job.data / "control.db")) {}

  Result<bool> go() {
    if (auto expected = expect(); !expected) return std::unexpected(std::move(expected.error()));
    meter_.begin("live.db", "copying");
    auto live = target_.copy_database("live.db", job_.data / "live.db");
    if (!live) return std::unexpected(std::move(live.error()));
    if (auto good = check(*live); !good) return std::unexpected(std::move(good.error()));
    auto dated = dated_files();
    if (!dated) return std::unexpected(std::move(dated.error()));
    for (const std::string& name : *dated) {
      if (auto done = chunks(name); !done) return std::unexpected(done.error());
    }
    if (auto taken = history::take_registry(live->path, job_.data / "live.db"); !taken) {
      return std::unexpected(std::move(taken.error()));
    }
    if (auto kept = keep(std::move(*live)); !kept) return std::unexpected(std::move(kept.error()));
    if (auto done = database("control.db"); !done) return std::unexpected(std::move(done.error()));
    if (auto done = certificates(); !done) return std::unexpected(std::move(done.error()));
    return finish();
  }

 private:
  // Chunk files, then lists of processes.
  [[nodiscard]] Result<std::vector<std::string>> dated_files() const {
    const auto files = history::chunk_files_in(job_.data);
    if (!files) return std::unexpected(files.error());
    const auto days = processes::days_in(job_.data);
    if (!days) return std::unexpected(days.error());
    std::vector<std::string> names;
    for (const auto& file : *files) names.push_back(history::file_name(file.tier, file.period));
    for (const auto day : *days) names.push_back(processes::file_name(day));
    return names;
  }

  Result<void> expect() {
    auto names = dated_files();
    if (!names) return std::unexpected(std::move(names.error()));
    std::ranges::move(certificate_names(), std::back_inserter(*names));
    names->insert(names->end(), {"live.db", "control.db"});
    for (const std::string& name : *names) {
      std::error_code error;
      const auto bytes = std::filesystem::file_size(job_.data / name, error);
      if (!error) meter_.expect(name, bytes);
    }
    return {};
  }

  Result<void> chunks(const std::string& name) {
    meter_.begin(name, "comparing");
    auto reused = target_.reuse(name, job_.data / name);
    if (reused && *reused) {
      meter_.end();
      job_.say(name + ": unchanged");
      return {};
    }
    auto done = reused ? database(name) : std::unexpected(std::move(reused.error()));
    std::error_code error;
    if (!done && !std::filesystem::exists(job_.data / name, error)) {
      meter_.drop();
      job_.say(name + ": gone meanwhile");
      return {};
    }
    return done;
  }

  Result<void> database(const std::string& name) {
    meter_.begin(name, "copying");
    auto copy = target_.copy_database(name, job_.data / name);
    if (!copy) return std::unexpected(std::move(copy.error()));
    return keep(std::move(*copy));
  }

  [[nodiscard]] std::vector<std::string> certificate_names() const {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator at(job_.data / "tls", error), end; !error && at != end;
         at.increment(error)) {
      const std::string name = "tls/" + at->path().filename().string();
      if (at->is_regular_file(error) && !at->is_symlink(error) && backup::good_name(name)) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  Result<void> certificates() {
    for (const std::string& name : certificate_names()) {
      meter_.begin(name, "copying");
      auto copy = target_.copy_plainly(name, job_.data / name);
      if (!copy) return std::unexpected(std::move(copy.error()));
      if (auto kept = target_.keep(std::move(*copy)); !kept) return kept;
      meter_.end();
      job_.say(name + ": copied");
    }
    return {};
  }

  // Read back from the disk, whole; where it isn't, the data must be damaged just so.
  Result<void> check(Target::Copy& copy) {
    meter_.begin(copy.entry.name, "checking");
    auto checked = check_file(copy.entry.name, copy.path, Use::copy, hosts_);
    if (!checked) return std::unexpected(std::move(checked.error()));
    if (checked->damage.empty()) return {};
    if (auto known = same_in_data(copy.entry.name, checked->damage.front()); !known) return known;
    copy.entry.damage = std::move(checked->damage);
    return {};
  }

  Result<void> keep(Target::Copy copy) {
    if (auto good = check(copy); !good) return good;
    if (auto schema = schema_of(copy.path)) copy.entry.schema = *schema;
    const std::string name = copy.entry.name;
    if (auto kept = target_.keep(std::move(copy)); !kept) return kept;
    meter_.end();
    job_.say(name + ": copied");
    return {};
  }

  Result<void> same_in_data(const std::string& name, const std::string& damage) {
    auto data = check_file(name, job_.data / name, Use::live, hosts_);
    if (!data) return std::unexpected(std::move(data.error()));
    if (data->damage.empty()) {
      return units::fail(ErrorCode::io, damage + ": so in the copy in " + job_.directory.string() +
                                            ", but not in the data; is that disk sound?");
    }
    if (history::parse_file_name(name) || processes::parse_file_name(name)) return {};
    return units::fail(ErrorCode::corrupt, damage +
                                               "; a collector doesn't start with that, so there is nothing to back " +
                                               "up. Restore an earlier backup; vedette-server check says more");
  }

  Result<bool> finish() {
    auto manifest = target_.finish(job_.clock.now());
    if (!manifest) return std::unexpected(std::move(manifest.error()));
    bool whole = true;
    for (const auto& file : manifest->files) {
      for (const std::string& words : file.damage) job_.say("damaged in the data already: " + words);
      whole = whole && file.damage.empty();
    }
    job_.say(state_of(job_.directory, *manifest).message);
    return whole;
  }

  const Backup& job_;
  Target target_;
  BackupMeter& meter_;
  const HostNames hosts_;
};

}  // namespace

Result<bool> Backup::run() const {
  std::error_code error;
  if (!std::filesystem::exists(data / "live.db", error) || !std::filesystem::exists(data / "control.db", error)) {
    return units::fail(ErrorCode::not_found, data.string() + ": holds no data of a collector");
  }
  if (std::filesystem::equivalent(data, directory, error)) {
    return units::fail(ErrorCode::invalid, directory.string() + ": is the data directory itself; name another one");
  }
  BackupMeter meter(clock, tell);
  auto target = Target::open(directory, {.version = kVersion, .began = clock.now(), .finished = {}, .files = {}},
                             [&meter](std::uint64_t done, std::uint64_t total) { meter.at(done, total); });
  if (!target) return std::unexpected(std::move(target.error()));
  return Run(*this, std::move(*target), meter).go();
}

Result<bool> restore(const std::filesystem::path& directory, const std::filesystem::path& data, const Say& say) {
  if (auto empty = backup::need_empty(data); !empty) return std::unexpected(std::move(empty.error()));
  auto manifest = backup::verify(directory, newest_schema);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  if (auto made = backup::make_directory(data); !made) return std::unexpected(std::move(made.error()));
  const auto lock = DataLock::take(data);
  if (!lock) return std::unexpected(lock.error());
  if (auto own = backup::hand_over(data / "lock", data); !own) return std::unexpected(std::move(own.error()));
  if (auto empty = backup::need_empty(data); !empty) return std::unexpected(std::move(empty.error()));
  if (auto done = backup::restore(directory, *manifest, data); !done) return std::unexpected(std::move(done.error()));
  bool whole = true;
  for (const auto& file : manifest->files) {
    for (const std::string& words : file.damage) say("was damaged already when it was backed up: " + words);
    whole = whole && file.damage.empty();
  }
  say(data.string() + ": restored " + amount_of(*manifest) + ", as of " + units::date_utc(manifest->began));
  return whole;
}

}  // namespace vedette::app
