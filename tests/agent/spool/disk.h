// A disk that tests look into, fill, break and damage; and ticks to put on it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/spool/directory.h"
#include "agent/spool/files.h"
#include "agent/spool/journal.h"
#include "agent/spool/spool.h"

namespace vedette::spool {

class Disk final : public Files {
 public:
  std::map<FileNumber, std::string> files;
  std::size_t room = SIZE_MAX;  ///< bytes in all
  bool broken = false;          ///< nothing works
  std::size_t appends = 0;

  units::Result<std::vector<FileNumber>> list() override {
    if (broken) return failed();
    std::vector<FileNumber> names;
    for (const auto& [name, bytes] : files) names.push_back(name);
    return names;
  }
  units::Result<std::string> read(FileNumber file, std::size_t most) override {
    if (broken || !files.contains(file)) return failed();
    return files[file].substr(0, most);
  }
  units::Result<void> append(FileNumber file, std::string_view bytes) override {
    if (broken || used() + bytes.size() > room) return failed();
    files[file] += bytes;
    ++appends;
    return {};
  }
  units::Result<void> remove(FileNumber file) override {
    if (broken) return failed();
    files.erase(file);
    return {};
  }
  [[nodiscard]] std::size_t used() const {
    std::size_t bytes = 0;
    for (const auto& [name, content] : files) bytes += content.size();
    return bytes;
  }

 private:
  static std::unexpected<units::Error> failed() {
    return units::fail(units::ErrorCode::io, "can't use the test's disk: No space left on device");
  }
};

inline std::vector<metrics::Series> two_series() {
  return {{{"test.count", {{"device", "sda"}, {"direction", "read"}}}, "By", metrics::Kind::counter, {512, 1}},
          {{"test.level", {}}, "1", metrics::Kind::gauge, metrics::kReal}};
}
inline const std::vector<bool> kReals{false, true};

inline TickRow row(std::int64_t second) {
  return {units::from_unix_ms(second * 1000), {metrics::integer(second * 7), metrics::integer(second << 40)}};
}

/// One run of an agent on a disk: another object with the same disk is the next run.
struct AgentRun {
  AgentRun(Files& files, StreamId first, Origin of, JournalLimits limits = {}, SpoolLimits memory = {})
      : origin(of),
        journal(files, limits, origin, [this] { return std::span<const metrics::Series>(series); }),
        spool(first, memory, &journal) {}

  void add(std::int64_t from, std::int64_t to) {
    for (std::int64_t second = from; second <= to; ++second) spool.add(row(second), kReals);
  }
  void connect(StreamId stream, units::Milliseconds offset = {}) {
    spool.begin(stream);
    spool.confirm(offset);
    spool.set_connected(true);
  }
  /// What would be sent of a stream, tick by tick: number -> seconds.
  [[nodiscard]] std::map<TickNumber, std::int64_t> ticks(StreamId stream, std::size_t most = 240) {
    std::map<TickNumber, std::int64_t> found;
    TickNumber from = 1;
    while (const auto batch = spool.read(stream, from, most)) {
      for (std::size_t i = 0; i < batch->rows.size(); ++i) {
        found[batch->first + i] = units::unix_ms(batch->rows[i].at) / 1000;
      }
      from = batch->first + batch->rows.size();
    }
    return found;
  }

  Origin origin;
  std::vector<metrics::Series> series = two_series();
  Journal journal;
  Spool spool;
};

/// Identity 1, first boot.
inline Origin run_number(std::uint8_t run, std::uint8_t boot = 1, std::uint8_t host = 1) {
  return {.host = {host}, .boot = {boot}, .run = {run}};
}

inline std::map<TickNumber, std::int64_t> numbered(TickNumber first, std::int64_t from, std::int64_t to) {
  std::map<TickNumber, std::int64_t> expected;
  for (std::int64_t second = from; second <= to; ++second) expected[first++] = second;
  return expected;
}

}  // namespace vedette::spool
