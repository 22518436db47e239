// What a control group is, by its path: systemd's slices and services, containers and machines of the programs that
// make them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::collect {

/// In the order in which they are told where there are too many.
enum class CgroupKind : std::uint8_t { slice, docker, podman, lxc, kubernetes, machine, service };
[[nodiscard]] std::string_view word_of(CgroupKind kind) noexcept;

struct CgroupPlace {
  std::optional<CgroupKind> kind;  ///< nothing: it isn't told
  std::string_view name;  ///< into the path: a unit's name, the first 12 digits of a container's id, LXC's name
  bool descend = false;   ///< what is told may be below
};

/// `path` is relative to the tree's root: "system.slice/nginx.service". What people can make ever new ones of without
/// running anything for long isn't told: sessions, services of one connection (sshd@1-…), `systemd-run`'s. Below a
/// service, a container or user.slice nothing is.
[[nodiscard]] CgroupPlace place_of(std::string_view path);

/// Without systemd's escapes: "qemu\x2d1\x2dweb" is qemu-1-web.
[[nodiscard]] std::string unescaped_unit(std::string_view name);

}  // namespace vedette::collect
