// What history costs. One JSON object a figure; docs/history-cost.md explains them. Settings, for smaller runs:
//   VEDETTE_BENCH_SECONDS               of 10 hosts (86400: without it there is no figure of a day)
//   VEDETTE_BENCH_SECONDS_1000_HOSTS    of 1,000 hosts (3600)
//   VEDETTE_BENCH_COMMIT_HOSTS          in real time (10000)
//   VEDETTE_BENCH_COMMIT_SECONDS        of these, at least 90 (120)
//   VEDETTE_BENCH_PARTS                 some of ingest,rates,ingest_1000,year,memory,recovery,commits; all unless told
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
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

bool wanted(std::string_view part) {
  const char* parts = std::getenv("VEDETTE_BENCH_PARTS");
  if (!parts) return true;
  const std::string list = "," + std::string(parts) + ",";
  return list.find("," + std::string(part) + ",") != std::string::npos;
}

using Part = std::function<void(const std::filesystem::path& directory)>;

// The directory is this process's, so that it goes however the other one ends. True if that went well.
bool in_a_process(std::string_view name, const Part& part) {
  if (!wanted(name)) return true;
  const tests::TemporaryDirectory directory;
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    part(directory.path());
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

bool run() {
  check_disk();
  const Recording recording;
  const Size ten{10, setting("VEDETTE_BENCH_SECONDS", 86'400), ""};
  const Size thousand{1'000, setting("VEDETTE_BENCH_SECONDS_1000_HOSTS", 3'600), "_1000_hosts"};
  const auto many = static_cast<std::size_t>(setting("VEDETTE_BENCH_COMMIT_HOSTS", 10'000));
  const auto window = setting("VEDETTE_BENCH_COMMIT_SECONDS", 120);
  const std::pair<std::string_view, Part> parts[] = {
      {"ingest",
       [&](const auto& directory) {
         measure_ingest(recording, ten, directory);
         measure_queries_of_a_day(directory, ten);
       }},
      {"rates", [&](const auto& directory) { measure_bytes_of_rates(recording, ten, directory); }},
      {"ingest_1000", [&](const auto& directory) { measure_ingest(recording, thousand, directory); }},
      {"year", [&](const auto& directory) { measure_queries_of_a_year(recording, directory); }},
      {"memory", [&](const auto& directory) { measure_memory(recording, 1'000, "_1000_hosts", directory); }},
      {"recovery", [&](const auto& directory) { measure_recovery(recording, 1'000, "_1000_hosts", directory); }},
      {"commits",
       [&](const auto& directory) {
         measure_commits(recording, many, window, "_" + std::to_string(many) + "_hosts", directory);
       }},
  };
  return std::ranges::all_of(parts, [](const auto& part) { return in_a_process(part.first, part.second); });
}

}  // namespace
}  // namespace vedette::bench

int main() {
  return vedette::bench::run() ? 0 : 1;
}
