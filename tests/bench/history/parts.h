// The parts of the bench. Each runs in a process and an empty directory of its own, so that none sees another's memory,
// CPU or writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/bench/history/fleet.h"

namespace vedette::bench {

/// Ticks of `hosts`, one commit a second, from kDay on. `suffix` ends the names of the figures.
struct Size {
  std::size_t hosts = 0;
  std::int64_t seconds = 0;
  std::string suffix;
  [[nodiscard]] double samples() const { return static_cast<double>(hosts) * static_cast<double>(seconds) * 40; }
};

/// CPU, bytes on the disk and bytes written a sample. Leaves the store's files in `directory`.
void measure_ingest(const Recording& recording, const Size& size, const std::filesystem::path& directory);

/// Bytes on the disk where counters come as rates: `bytes_per_sample_rates`. Ticks come a minute at a time.
void measure_bytes_of_rates(const Recording& recording, const Size& size, const std::filesystem::path& directory);

/// What measure_ingest left is asked for 15 minutes and for a day, if it holds as much.
void measure_queries_of_a_day(const std::filesystem::path& directory, const Size& size);

/// A host of its own, with a tick a minute, is asked for 30 days and for a year.
void measure_queries_of_a_year(const Recording& recording, const std::filesystem::path& directory);

/// All hosts are asked for their day, and those ten told that are greatest.
void measure_top(const Recording& recording, std::size_t hosts, const std::string& suffix,
                 const std::filesystem::path& directory);

/// Resident memory of a store whose open chunks are full.
void measure_memory(const Recording& recording, std::size_t hosts, const std::string& suffix,
                    const std::filesystem::path& directory);

/// Opening after a kill with all of 10 minutes in write-ahead rows, none of them copied out of the log.
void measure_recovery(const Recording& recording, std::size_t hosts, const std::string& suffix,
                      const std::filesystem::path& directory);

/// Commits in real time while everything in the background runs.
void measure_commits(const Recording& recording, std::size_t hosts, std::int64_t seconds, const std::string& suffix,
                     const std::filesystem::path& directory);

}  // namespace vedette::bench
