#include "tests/bench/history/figures.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace vedette::bench {
namespace {

// The number behind `field` in a file of lines "field: number".
double number_in(const char* file, const std::string& field) {
  std::ifstream lines(file);
  for (std::string word; lines >> word;) {
    double number = 0;
    if (word == field + ":" && lines >> number) return number;
  }
  give_up(std::string(file) + " has no " + field);
}

}  // namespace

void report(const std::string& name, double value, const char* unit) {
  std::printf("{\"bench\":\"history\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", name.c_str(), value, unit);
  std::fflush(stdout);
}

void give_up(const std::string& words) {
  std::fprintf(stderr, "bench history: %s\n", words.c_str());
  std::_Exit(1);  // whatever threads there are
}

std::int64_t setting(const char* name, std::int64_t fallback) {
  const char* value = std::getenv(name);
  if (!value) return fallback;
  const std::string text(value);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number <= 0) {
    give_up(std::string(name) + "=" + text + ": give it a whole number above 0");
  }
  return number;
}

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double bytes_written() {
  return number_in("/proc/self/io", "write_bytes");
}

double resident_kb() {
  return number_in("/proc/self/status", "VmRSS");
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

}  // namespace vedette::bench
