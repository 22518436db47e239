// What history costs. One JSON object a figure; docs/history-cost.md explains them. Settings, for smaller runs:
//   VEDETTE_BENCH_SECONDS               of 10 hosts, and of 2 as rates (86400: with less no figure of a day)
//   VEDETTE_BENCH_SECONDS_1000_HOSTS    of 1,000 hosts (3600)
//   VEDETTE_BENCH_COMMIT_HOSTS          in real time (10000)
//   VEDETTE_BENCH_COMMIT_SECONDS        of these, at least 90 (120)
//   VEDETTE_BENCH_PARTS                 some of ingest,rates,ingest_1000,year,top,memory,recovery,commits; all unless
//   told
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <span>
#include <sstream>
#include <string_view>

#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"
#include "tests/temporary_directory.h"

namespace vedette::bench {
namespace {

void check_disk() {
  constexpr auto kTmpfs = 0x01021994;  // statfs(2)
  const auto directory = std::filesystem::temp_directory_path();
  struct statfs found{};
  if (::statfs(directory.c_str(), &found) == 0 && found.f_type == kTmpfs) {
    give_up(directory.string() +
            " is in memory (tmpfs), where nothing is written to a disk: set TMPDIR to a folder on one");
  }
}

using Part = std::function<void(const std::filesystem::path& directory)>;
using NamedPart = std::pair<std::string_view, Part>;

// The directory is this process's, so that it goes however the other one ends. True if that went well.
bool in_a_process(std::string_view name, const Part& part) {
  const tests::TemporaryDirectory directory;
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    part(directory.path());
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) give_up("a process for a part can't be made");
  if (WIFSIGNALED(status)) std::fprintf(stderr, "bench history: %s ended by a signal\n", std::string(name).c_str());
  return status == 0;
}

// Those that VEDETTE_BENCH_PARTS names, comma-separated; all without it.
std::set<std::string, std::less<>> wanted(std::span<const NamedPart> parts) {
  std::set<std::string, std::less<>> all, some;
  for (const auto& [name, part] : parts) all.emplace(name);
  const char* setting = std::getenv("VEDETTE_BENCH_PARTS");
  if (!setting) return all;
  std::istringstream list{std::string(setting)};
  for (std::string name; std::getline(list, name, ',');) {
    if (!all.contains(name))
      give_up("VEDETTE_BENCH_PARTS=" + std::string(setting) + ": there is no part \"" + name + "\"");
    some.insert(name);
  }
  return some;
}

bool run() {
  check_disk();
  const Recording recording;
  const Size ten{10, setting("VEDETTE_BENCH_SECONDS", 86'400), ""};
  const Size two{2, ten.seconds, ""};
  const Size thousand{1'000, setting("VEDETTE_BENCH_SECONDS_1000_HOSTS", 3'600), "_1000_hosts"};
  const auto many = static_cast<std::size_t>(setting("VEDETTE_BENCH_COMMIT_HOSTS", 10'000));
  const auto window = setting("VEDETTE_BENCH_COMMIT_SECONDS", 120);
  if (window < 90) give_up("VEDETTE_BENCH_COMMIT_SECONDS: at least 90, or not all of the background comes about in it");
  const NamedPart parts[] = {
      {"ingest",
       [&](const auto& directory) {
         measure_ingest(recording, ten, directory);
         measure_queries_of_a_day(directory, ten);
       }},
      {"rates", [&](const auto& directory) { measure_bytes_of_rates(recording, two, directory); }},
      {"ingest_1000", [&](const auto& directory) { measure_ingest(recording, thousand, directory); }},
      {"year", [&](const auto& directory) { measure_queries_of_a_year(recording, directory); }},
      {"top", [&](const auto& directory) { measure_top(recording, 1'000, "_1000_hosts", directory); }},
      {"memory", [&](const auto& directory) { measure_memory(recording, 1'000, "_1000_hosts", directory); }},
      {"recovery", [&](const auto& directory) { measure_recovery(recording, 1'000, "_1000_hosts", directory); }},
      {"commits",
       [&](const auto& directory) {
         measure_commits(recording, many, window, "_" + std::to_string(many) + "_hosts", directory);
       }},
  };
  const auto names = wanted(parts);
  return std::ranges::all_of(
      parts, [&](const auto& part) { return !names.contains(part.first) || in_a_process(part.first, part.second); });
}

}  // namespace
}  // namespace vedette::bench

int main() {
  return vedette::bench::run() ? 0 : 1;
}
