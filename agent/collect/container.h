// Whether we run in a container, and what of the machine we therefore see or don't.
#pragma once

#include <string>
#include <string_view>

namespace vedette::collect {

/// "docker", "podman", "lxc", "systemd-nspawn" …; "container" where its kind shows nowhere but its root does; ""
/// outside of one.
[[nodiscard]] std::string container_kind();

/// One sentence for the log: which groups of metrics are the whole machine's and which the container's own.
/// `mountinfo`: /proc/self/mountinfo, where lxcfs shows. "" if `kind` is. Pure.
[[nodiscard]] std::string container_note(std::string_view kind, std::string_view mountinfo);

/// Of this process.
[[nodiscard]] std::string container_note();

/// Pure part of container_kind(): whether "/" is an overlay, or lxcfs is mounted over /proc.
[[nodiscard]] std::string kind_of_mounts(std::string_view mountinfo);

}  // namespace vedette::collect
