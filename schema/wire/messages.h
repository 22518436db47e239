// The agent protocol's messages as plain values, and their conversion to and from bytes (agent.proto behind it).
// Decoding checks every limit, so what comes out of decode_* is safe to use; nobody else includes agent.pb.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::wire {

inline constexpr std::string_view kAgentSubprotocol = "vedette.agent.v1";
inline constexpr std::string_view kAgentPath = "/api/v1/agent/stream";
inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxMessage = 65'536;       ///< bytes of one message, either way
inline constexpr std::size_t kMaxBatchCells = 131'072;   ///< ticks × series of one backfill
inline constexpr std::size_t kMaxSeries = 16'384;        ///< series of one connection
inline constexpr std::size_t kMaxOpenStreams = 256;      ///< earlier streams that one Hello may list
inline constexpr std::size_t kMaxAckedHappenings = 256;  ///< of one Ack
inline constexpr std::uint64_t kMaxTickNumber = std::uint64_t{1} << 62;

using Id128 = std::array<std::uint8_t, 16>;
using StreamId = std::uint64_t;    ///< random, never 0
using TickNumber = std::uint64_t;  ///< position in a stream, from 1

struct Facts {
  std::string hostname, os, kernel, architecture, cpu_model, timezone, virtualization;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  units::Instant boot_time{};
  bool operator==(const Facts&) const = default;
};

struct OpenStream {
  StreamId stream = 0;
  TickNumber first = 0, last = 0;
  bool operator==(const OpenStream&) const = default;
};

struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  std::string agent_version;
  Id128 boot_id{};
  Id128 run_id{};
  StreamId stream = 0;
  std::vector<OpenStream> open;
  Facts facts;
  units::Instant agent_time{};
  std::vector<std::string> tags{};  ///< units::are_tags
};

struct AnnouncedSeries {
  std::uint32_t number = 0;
  metrics::Series series;
};
struct Announce {
  std::vector<AnnouncedSeries> series;
};

struct TickMessage {
  TickNumber number = 0;
  std::string data;  ///< tick_codec.h; decoded by the connection's TickDecoder
};

struct Backfill {
  StreamId stream = 0;
  TickNumber first = 0;
  std::string chunk;  ///< chunk::Table; column ids are announced numbers
  Id128 boot_id{};
  bool end = false;  ///< the last one: nothing but live ticks is left
};

struct Evidence {
  std::uint64_t request = 0;
  std::string body;
};

struct Happening {
  units::Instant at{};
  std::string kind, text;
  std::uint64_t count = 0;
  std::uint64_t id = 0;  ///< 0: told once, not acked
};

struct Process {
  std::uint32_t pid = 0;
  std::string name;
  std::uint32_t cpu_permille = 0;                   ///< of one core
  std::uint64_t memory_kib = 0;                     ///< resident
  std::string arguments{};                          ///< empty unless the operator allows them
  std::uint64_t read_bytes = 0, written_bytes = 0;  ///< a second
  bool operator==(const Process&) const = default;
};
inline constexpr std::size_t kMaxProcesses = 64;  ///< of one message

struct Processes {
  std::uint64_t id = 0;
  units::Instant at{};          ///< the end of `span`
  units::Milliseconds span{0};  ///< over which CPU and I/O were measured; up to a day
  std::uint32_t count = 0;      ///< processes there were
  std::vector<Process> top;     ///< those that used most CPU, most first; then those of most memory besides
};

enum class GoodbyeReason : std::uint8_t { service_stop = 0, upgrade = 1, host_shutdown = 2, reboot = 3 };
struct Goodbye {
  GoodbyeReason reason = GoodbyeReason::service_stop;
};

using AgentMessage = std::variant<Hello, Announce, TickMessage, Backfill, Evidence, Happening, Goodbye, Processes>;

struct Resume {
  StreamId stream = 0;
  TickNumber last = 0;
  bool operator==(const Resume&) const = default;
};

struct Welcome {
  std::uint32_t protocol = kProtocolVersion;
  units::Milliseconds interval{1000};
  std::vector<Resume> resume;
  units::Instant collector_time{};
  std::uint32_t max_message = kMaxMessage;
  std::uint32_t max_cells = kMaxBatchCells;
  std::string host_id;
};
struct Ack {
  std::vector<Resume> streams;
  std::vector<std::uint64_t> happenings{};  ///< ids, of Processes too
};
struct SetInterval {
  units::Milliseconds interval{1000};
};
struct Request {
  std::uint64_t id = 0;
  std::string what;
};
struct Retry {
  units::Milliseconds after{0};
  std::string reason;
};

using CollectorMessage = std::variant<Welcome, Ack, SetInterval, Request, Retry>;

/// The caller keeps to the limits that decode_* check, the message's size among them. Intervals are clamped.
[[nodiscard]] std::string encode(const AgentMessage& message);
[[nodiscard]] std::string encode(const CollectorMessage& message);

/// `version` for another version byte, `invalid` for what doesn't parse or breaks a limit, `too_large` over
/// kMaxMessage. A message of a kind this version doesn't know is `not_found`: the caller ignores it.
[[nodiscard]] units::Result<AgentMessage> decode_agent(std::span<const std::uint8_t> bytes);
[[nodiscard]] units::Result<CollectorMessage> decode_collector(std::span<const std::uint8_t> bytes);

}  // namespace vedette::wire
