// The catalogue: every metric Vedette's own agents know, in OpenTelemetry's names (semantic conventions, "System").
// Agents may announce others (own metrics, newer agents): the collector takes unit, kind and quantum from the
// announcement.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>

#include "schema/metrics/series.h"

namespace vedette::metrics {

/// What an operator switches on and off together in the agent's configuration, [metrics].
enum class Group : std::uint8_t {
  cpu,
  load,
  memory,
  pressure,
  disks,
  filesystems,
  network,
  sockets,
  sensors,
  clock,
  files,
  processes,
  cgroups,
  machine,
  textfile,
  jobs,
  agent,
};
/// Their names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 17> kGroupNames{
    "cpu",   "load",  "memory",    "pressure", "disks",   "filesystems", "network", "sockets", "sensors",
    "clock", "files", "processes", "cgroups",  "machine", "textfile",    "jobs",    "agent"};
[[nodiscard]] std::string_view name(Group group) noexcept;

/// The groups that are measured, bits by number; all unless told.
class Groups {
 public:
  [[nodiscard]] bool has(Group group) const noexcept { return bits_.test(static_cast<std::size_t>(group)); }
  void set(Group group, bool on) noexcept { bits_.set(static_cast<std::size_t>(group), on); }
  bool operator==(const Groups&) const = default;
  [[nodiscard]] static Groups only(Group group) noexcept {
    Groups one;
    one.bits_.reset();
    one.set(group, true);
    return one;
  }

 private:
  std::bitset<kGroupNames.size()> bits_{(1U << kGroupNames.size()) - 1};
};

struct Metric {
  std::string_view name;  ///< OpenTelemetry's, "system.cpu.time"; in the same style where it has none
  Group group;
  std::string_view unit;  ///< UCUM
  Kind kind;
  Quantum quantum;
  std::string_view attributes;   ///< keys, comma-separated, sorted: "cpu,mode"; optional ones end with "?"
  std::string_view source;       ///< where the agent reads it: "/proc/stat"
  std::string_view prometheus;   ///< node_exporter's name (cAdvisor's, of control groups), or empty; comma-separated
                                 ///< where it has one a direction, kind or state
  std::string_view description;  ///< one sentence, English
  bool derived;                  ///< computed from others (rate.h), never stored
};

/// All metrics, sorted by name.
[[nodiscard]] std::span<const Metric> catalogue() noexcept;

/// Null if the name isn't ours.
[[nodiscard]] const Metric* find(std::string_view name) noexcept;

/// A series of a catalogue metric. Precondition: `name` is in the catalogue. Attributes are sorted here.
[[nodiscard]] Series series_of(std::string_view name, std::vector<Attribute> attributes = {});

}  // namespace vedette::metrics
