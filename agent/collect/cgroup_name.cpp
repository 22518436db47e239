#include "agent/collect/cgroup_name.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace vedette::collect {
namespace {

constexpr std::ptrdiff_t kDeepest = 4;  ///< of Kubernetes: kubepods, class, pod, container

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// What stands between; nothing if it isn't so.
std::optional<std::string_view> between(std::string_view text, std::string_view prefix, std::string_view suffix) {
  if (text.size() <= prefix.size() + suffix.size() || !text.starts_with(prefix) || !text.ends_with(suffix)) return {};
  return text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
}

/// The short id of "docker-ID.scope" (systemd makes the group) or "ID" (the runtime does).
std::optional<std::string_view> short_id(std::string_view leaf, std::string_view prefix) {
  auto id = between(leaf, prefix, ".scope");
  if (!id) id = between(leaf, prefix, "");
  if (!id || id->size() != 64 || !std::ranges::all_of(*id, is_hex)) return std::nullopt;
  return id->substr(0, 12);
}

CgroupPlace told(CgroupKind kind, std::optional<std::string_view> name) {
  return name ? CgroupPlace{.kind = kind, .name = *name} : CgroupPlace{};
}

CgroupPlace in_kubernetes(std::string_view leaf) {
  for (const std::string_view prefix : {"cri-containerd-", "crio-", "docker-", ""}) {
    if (const auto id = short_id(leaf, prefix)) return told(CgroupKind::kubernetes, id);
  }
  const bool holds = leaf.ends_with(".slice") || leaf == "burstable" || leaf == "besteffort" || leaf.starts_with("pod");
  return {.kind = {}, .name = {}, .descend = holds};
}

CgroupPlace in_machines(std::string_view leaf) {
  if (const auto name = between(leaf, "machine-", ".scope")) return told(CgroupKind::machine, name);
  return told(CgroupKind::machine, between(leaf, "systemd-nspawn@", ".service"));
}

/// The container that `leaf` is; `parent` is "" at the top.
CgroupPlace container_at(std::string_view parent, std::string_view leaf) {
  if (const auto id = short_id(leaf, "docker-")) return told(CgroupKind::docker, id);
  if (const auto id = short_id(leaf, "libpod-")) return told(CgroupKind::podman, id);
  if (parent == "docker") return told(CgroupKind::docker, short_id(leaf, ""));
  if (parent == "lxc" || parent == "lxc.payload") return told(CgroupKind::lxc, leaf);
  if (parent.empty()) return told(CgroupKind::lxc, between(leaf, "lxc.payload.", ""));
  if (parent == "machine.slice") return in_machines(leaf);
  if (parent == "qemu.slice") return told(CgroupKind::machine, between(leaf, "", ".scope"));
  return {};
}

/// Of one connection (systemd.socket(5), Accept=): "7-10.0.0.1:22-10.0.0.9:5000", or "7-PID-UID" of a local one.
bool is_connection(std::string_view instance) {
  const auto digits = instance.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || instance[digits] != '-') return false;
  const std::string_view peers = instance.substr(digits + 1);
  if (peers.find('-') == std::string_view::npos) return false;
  return peers.find(':') != std::string_view::npos || peers.find_first_not_of("0123456789-") == std::string_view::npos;
}

/// Of one command of systemd-run: "run-u12", "run-p44-i45", "run-r" and 32 digits.
bool is_command(std::string_view service) {
  if (!service.starts_with("run-") || service.size() < 6) return false;
  const bool counted = (service[4] == 'u' || service[4] == 'p') && is_digit(service[5]);
  return counted || (service[4] == 'r' && service.size() == 37 && std::ranges::all_of(service.substr(5), is_hex));
}

bool is_passing(std::string_view service) {
  const auto at = service.find('@');
  return at == std::string_view::npos ? is_command(service) : is_connection(service.substr(at + 1));
}

}  // namespace

std::string_view word_of(CgroupKind kind) noexcept {
  constexpr std::array<std::string_view, 7> kWords{"slice",      "docker",  "podman", "lxc",
                                                   "kubernetes", "machine", "service"};
  return kWords[static_cast<std::size_t>(kind)];
}

CgroupPlace place_of(std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string_view leaf = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::string_view parent = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  const bool may_descend = std::ranges::count(path, '/') + 1 < kDeepest;
  CgroupPlace place;
  if (parent.starts_with("kubepods")) {
    place = in_kubernetes(leaf);
  } else if (place = container_at(parent, leaf); place.kind) {
    return place;
  } else if (leaf.ends_with(".slice")) {
    if (parent.empty()) place = told(CgroupKind::slice, leaf);
    place.descend = leaf != "user.slice";
  } else if (const auto service = between(leaf, "", ".service")) {
    if (!is_passing(*service)) place = told(CgroupKind::service, leaf);
  } else if (parent.empty()) {
    constexpr std::array<std::string_view, 5> kHolders{"docker", "kubepods", "libpod_parent", "lxc", "lxc.payload"};
    place.descend = std::ranges::find(kHolders, leaf) != kHolders.end();
  }
  place.descend = place.descend && may_descend;
  return place;
}

std::string unescaped_unit(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    unsigned value = 0;
    const bool escape = name.size() >= 4 && name.starts_with("\\x") &&
                        std::from_chars(name.data() + 2, name.data() + 4, value, 16).ptr == name.data() + 4;
    out += escape ? static_cast<char>(value) : name.front();
    name.remove_prefix(escape ? 4 : 1);
  }
  return out;
}

}  // namespace vedette::collect
