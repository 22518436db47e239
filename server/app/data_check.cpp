#include "server/app/data_check.h"

#include "schema/sql/migrations.h"
#include "server/history/chunk_files.h"
#include "server/processes/check.h"
#include "server/processes/files.h"
#include "server/sqlite/copy.h"

namespace vedette::app {

using history::Use;
using units::ErrorCode;
using units::Result;

namespace {

Result<FileCheck> check_control(const std::string& name, const std::filesystem::path& file, Use use) {
  FileCheck out;
  const auto look = [&]() -> Result<void> {
    auto database = sqlite::Database::open(file, {.read_only = true, .immutable = use == Use::copy});
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto begun = database->execute("BEGIN"); !begun) return begun;
    auto newer = sqlite::newer_schema(*database, *newest_schema(name));
    if (!newer) return std::unexpected(std::move(newer.error()));
    if (!newer->empty()) out.damage.push_back(name + ": " + *newer);
    auto faults = sqlite::faults_of(*database, sqlite::Depth::full);
    if (!faults) return std::unexpected(std::move(faults.error()));
    for (const std::string& fault : *faults) out.damage.push_back(name + ": " + fault);
    return {};
  };
  auto done = look();
  if (!done && done.error().code != ErrorCode::corrupt) return std::unexpected(std::move(done.error()));
  if (!done) out.damage.push_back(name + ": " + done.error().message);
  return out;
}

std::string host_words(domain::HostNumber number, const HostNames& hosts) {
  const auto host = hosts.find(number);
  return "host " + (host == hosts.end() ? std::to_string(domain::index(number)) : host->second);
}

std::string words_of(const std::string& name, const history::Damage& damage, const HostNames& hosts) {
  std::string words = name;
  if (damage.chunk) {
    words += ", " + host_words(damage.chunk->host, hosts) + ", " + units::date_utc(damage.chunk->begin) + ", group " +
             std::to_string(damage.chunk->group) + ", part " + std::to_string(damage.chunk->part);
  }
  return words + ": " + damage.words;
}

Result<FileCheck> check_processes(const std::string& name, const std::filesystem::path& file, Use use,
                                  const HostNames& hosts) {
  auto checked = processes::check_lists(file, *processes::parse_file_name(name), use == Use::copy);
  if (!checked) return std::unexpected(std::move(checked.error()));
  FileCheck out{.lists = checked->lists};
  for (const auto& [host, at, words] : checked->damage) {
    const std::string place = host ? ", " + host_words(*host, hosts) + ", " + units::date_utc(at) : std::string();
    out.damage.push_back(name + place + ": " + words);
  }
  return out;
}

std::string counted(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// Databases first, then chunk files, then lists of processes.
Result<std::vector<std::string>> names_in(const std::filesystem::path& data) {
  std::error_code error;
  if (!std::filesystem::is_directory(data, error)) {
    return units::fail(ErrorCode::not_found, data.string() + ": there is no such directory");
  }
  std::vector<std::string> names;
  for (const char* name : {"control.db", "live.db"}) {
    if (std::filesystem::exists(data / name, error)) names.emplace_back(name);
  }
  auto chunks = history::chunk_files_in(data);
  if (!chunks) return std::unexpected(std::move(chunks.error()));
  for (const auto& file : *chunks) names.push_back(history::file_name(file.tier, file.period));
  const auto days = processes::days_in(data);
  if (!days) return std::unexpected(days.error());
  for (const auto day : *days) names.push_back(processes::file_name(day));
  if (!names.empty()) return names;
  return units::fail(ErrorCode::not_found, data.string() + ": holds no data of a collector");
}

}  // namespace

HostNames host_names(const std::filesystem::path& control_db) {
  HostNames names;
  auto database = sqlite::Database::open(control_db, {.read_only = true});
  if (!database) return names;
  auto statement = database->prepare("SELECT number, name FROM host");
  if (!statement) return names;
  for (auto more = statement->step(); more && *more; more = statement->step()) {
    names[static_cast<domain::HostNumber>(statement->integer(0))] = std::string(statement->text(1));
  }
  return names;
}

std::optional<std::int64_t> newest_schema(const std::string& name) {
  if (name == "control.db") return sql::control_migrations().back().number;
  if (name == "live.db") return sql::history_migrations().back().number;
  if (history::parse_file_name(name)) return sql::chunks_migrations().back().number;
  if (processes::parse_file_name(name)) return sql::processes_migrations().back().number;
  return std::nullopt;
}

Result<FileCheck> check_file(const std::string& name, const std::filesystem::path& file, Use use,
                             const HostNames& hosts) {
  if (name == "control.db") return check_control(name, file, use);
  if (processes::parse_file_name(name)) return check_processes(name, file, use, hosts);
  const auto chunks = history::parse_file_name(name);
  if (!chunks && name != "live.db") return FileCheck{};
  auto checked = chunks ? history::check_chunks(file, *chunks, use) : history::check_live(file, use);
  if (!checked) return std::unexpected(std::move(checked.error()));
  FileCheck out{.chunks = checked->chunks, .rows = checked->rows};
  for (const auto& damage : checked->damage) out.damage.push_back(words_of(name, damage, hosts));
  return out;
}

Result<DataCheck> check_data(const std::filesystem::path& data) {
  auto names = names_in(data);
  if (!names) return std::unexpected(std::move(names.error()));
  const HostNames hosts = host_names(data / "control.db");
  std::uint64_t chunks = 0, rows = 0, lists = 0, damaged = 0;
  DataCheck out;
  for (const std::string& name : *names) {
    auto checked = check_file(name, data / name, Use::live, hosts);
    std::error_code error;
    // Too old, or set aside by the collector meanwhile.
    if (!checked && !std::filesystem::exists(data / name, error)) continue;
    if (!checked) return std::unexpected(std::move(checked.error()));
    chunks += checked->chunks;
    rows += checked->rows;
    lists += checked->lists;
    damaged += checked->damage.size();
    for (const std::string& words : checked->damage) out.words += words + "\n";
  }
  out.whole = damaged == 0;
  out.words += data.string() + ": " + counted(names->size(), "database") + ", " + counted(chunks, "chunk") + ", " +
               counted(rows, "write-ahead row") + (lists > 0 ? ", " + counted(lists, "list") + " of processes" : "") +
               ": " + (out.whole ? "whole" : counted(damaged, "fault")) + "\n";
  return out;
}

}  // namespace vedette::app
