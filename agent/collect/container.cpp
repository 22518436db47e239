#include "agent/collect/container.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "agent/collect/facts.h"
#include "agent/collect/proc_file.h"
#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

/// Mount point and type of a mountinfo line.
std::pair<std::string_view, std::string_view> mount_of(std::string_view line) {
  std::string_view point;
  for (int field = 0; field < 5; ++field) point = take_word(line);
  std::string_view word = take_word(line);
  while (!word.empty() && word != "-") word = take_word(line);
  return {point, take_word(line)};
}

bool mounted(std::string_view mountinfo, std::string_view point, std::string_view type) {
  while (const auto line = take_line(mountinfo)) {
    if (mount_of(*line) == std::pair(point, type)) return true;
  }
  return false;
}

void append(std::string& list, std::string_view word) {
  if (!list.empty()) list += ", ";
  list += word;
}

}  // namespace

std::string kind_of_mounts(std::string_view mountinfo) {
  if (mounted(mountinfo, "/proc/stat", "fuse.lxcfs")) return "lxc";
  return mounted(mountinfo, "/", "overlay") ? "container" : "";
}

std::string container_kind() {
  // "container=lxc" of PID 1's environment is unreadable to an ordinary user; systemd leaves a copy, others a mark.
  std::string told = read_once("/run/systemd/container");
  while (!told.empty() && told.back() <= ' ') told.pop_back();
  if (!told.empty()) return as_fact(told, 64);
  if (::access("/.dockerenv", F_OK) == 0) return "docker";
  if (::access("/run/.containerenv", F_OK) == 0) return "podman";
  return kind_of_mounts(read_once("/proc/self/mountinfo"));
}

std::string container_note(std::string_view kind, std::string_view mountinfo) {
  if (kind.empty()) return {};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFiles{{{"cpu", "/proc/stat"},
                                                                                 {"load", "/proc/loadavg"},
                                                                                 {"memory", "/proc/meminfo"},
                                                                                 {"disks", "/proc/diskstats"},
                                                                                 {"pressure", ""}}};
  std::string machines, own;
  for (const auto& [group, file] : kFiles) append(mounted(mountinfo, file, "fuse.lxcfs") ? own : machines, group);
  for (const std::string_view group : {"files", "clock", "sensors"}) append(machines, group);
  for (const std::string_view group : {"network", "sockets", "filesystems"}) append(own, group);
  return "in a container (" + std::string(kind) + "): " + machines + " are the whole machine's; " + own +
         " are the container's own, and the machine's can't be seen from here";
}

std::string container_note() {
  return container_note(container_kind(), read_once("/proc/self/mountinfo"));
}

}  // namespace vedette::collect
