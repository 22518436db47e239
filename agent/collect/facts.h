// What a person wants to know about the host, and its boot id. Read at each connection, not at each tick.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/wire/messages.h"

namespace vedette::collect {

/// What a file or the kernel says, as a fact may travel: UTF-8 (other bytes become U+FFFD) of at most `limit` bytes.
/// A collector refuses a Hello with anything else.
[[nodiscard]] std::string as_fact(std::string_view text, std::size_t limit = 128);

/// PRETTY_NAME of os-release(5), without quotes; else "Linux".
[[nodiscard]] std::string parse_os_release(std::string_view text);

/// "model name" of /proc/cpuinfo (x86), else "Model", "cpu" or "Hardware" of other machines, else empty.
[[nodiscard]] std::string parse_cpu_model(std::string_view text);

/// btime of /proc/stat.
[[nodiscard]] std::optional<units::Instant> parse_boot_time(std::string_view text);

/// The UUID of /proc/sys/kernel/random/boot_id.
[[nodiscard]] std::optional<wire::Id128> parse_boot_id(std::string_view text);

/// The IANA name in the target of /etc/localtime, empty if it isn't under zoneinfo/.
[[nodiscard]] std::string timezone_of(std::string_view localtime_target);

/// Facts of this machine, each as as_fact() leaves it. Never fails: what can't be read is empty or 0.
[[nodiscard]] wire::Facts read_facts();

/// This boot's id; all zeros if the kernel doesn't tell.
[[nodiscard]] wire::Id128 read_boot_id();

/// How long after the kernel's boot this system was started: 0 on a machine; in a container, which the kernel's boot
/// outlives, when its PID 1 was (starttime of /proc/1/stat).
[[nodiscard]] units::Milliseconds started_after_kernel();

/// The kernel's boot id, and, in a container, when it was started in that boot: each of its starts is a boot of its
/// own.
[[nodiscard]] wire::Id128 boot_id_of(wire::Id128 kernel, units::Milliseconds started) noexcept;

}  // namespace vedette::collect
