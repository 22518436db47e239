// Reads tests/golden/proc-recording.txt.gz (README.md there says what is in it).
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace vedette::golden {

inline constexpr std::size_t kReadingsPerSecond = 10;
inline constexpr std::size_t kColumns = 58;

/// One reading: the time and the 58 numbers behind it, as integers of the catalogue's quanta (loads in hundredths).
struct Reading {
  std::int64_t unix_ms = 0;
  std::vector<std::int64_t> values;
};

/// All 6,600 readings. Throws if the file isn't there.
inline std::vector<Reading> recording(const std::string& source_dir) {
  const std::string path = source_dir + "/tests/golden/proc-recording.txt.gz";
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  std::vector<Reading> readings;
  char line[4096];
  while (gzgets(file, line, sizeof line) != nullptr) {
    char* at = line;
    Reading reading;
    reading.unix_ms = static_cast<std::int64_t>(std::strtod(at, &at) * 1000);
    for (std::size_t column = 1; column <= kColumns; ++column) {
      const bool load = column >= 42 && column <= 44;
      reading.values.push_back(load ? static_cast<std::int64_t>(std::strtod(at, &at) * 100 + 0.5)
                                    : std::strtoll(at, &at, 10));
    }
    readings.push_back(std::move(reading));
  }
  gzclose(file);
  return readings;
}

}  // namespace vedette::golden
