#include "agent/collect/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "agent/collect/disk.h"

namespace vedette::collect {
namespace {

struct Close {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_directory(int parent, const dirent& entry) {
  if (entry.d_name[0] == '.') return false;
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info{};
  return ::fstatat(parent, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

CgroupTree::Directory::~Directory() {
  if (fd >= 0) ::close(fd);
}

bool CgroupTree::Directory::open(const std::string& path) {
  fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0;
}

CgroupTree::CgroupTree(std::string sys)
    : sys_(std::move(sys)),
      counts_device_([this](std::uint32_t major, std::uint32_t minor) { return counts(major, minor); }) {}

CgroupTree::~CgroupTree() = default;

bool CgroupTree::open() {
  const std::string top = sys_ + "/fs/cgroup";
  if (::access((top + "/cgroup.controllers").c_str(), F_OK) == 0) {
    version_ = root_.open(top) ? 2 : 0;
    return version_ != 0;
  }
  // systemd's own tree has every unit; a controller's only those for which it is on.
  const bool any = root_.open(top + "/systemd") || root_.open(top + "/memory") || root_.open(top + "/cpuacct");
  if (!any) return false;
  version_ = 1;
  for (const auto& [tree, name] :
       {std::pair(&cpu_, "/cpu"), std::pair(&cpuacct_, "/cpuacct"), std::pair(&memory_, "/memory"),
        std::pair(&blkio_, "/blkio"), std::pair(&pids_, "/pids"), std::pair(&unified_, "/unified")}) {
    (void)tree->open(top + name);  // a controller that is off has none
  }
  return true;
}

bool CgroupTree::walk(const Found& found) {
  path_.clear();
  found_ = 0;
  return walk_below(found);
}

bool CgroupTree::walk_below(const Found& found) {
  const int fd = ::openat(root_.fd, path_.empty() ? "." : path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, Close> directory(fd < 0 ? nullptr : ::fdopendir(fd));
  if (!directory) {
    if (fd >= 0) ::close(fd);
    return false;
  }
  const std::size_t length = path_.size();
  while (const dirent* const entry = ::readdir(directory.get())) {
    if (!is_directory(::dirfd(directory.get()), *entry)) continue;
    if (length > 0) path_ += '/';
    path_ += entry->d_name;
    const CgroupPlace place = place_of(path_);
    if (place.kind && found_ < kMostFound) {
      ++found_;
      found(path_, place);
    }
    if (place.descend) (void)walk_below(found);  // one that has just gone has nothing below
    path_.resize(length);
  }
  return true;
}

std::string_view CgroupTree::text_of(const Directory& tree, std::string_view path, std::string_view file) {
  if (tree.fd < 0) return {};
  file_.assign(path).append("/").append(file);
  const int fd = ::openat(tree.fd, file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t size = ::read(fd, buffer_.data(), buffer_.size());  // the kernel gives such a file whole
  ::close(fd);
  return size > 0 ? std::string_view(buffer_.data(), static_cast<std::size_t>(size)) : std::string_view();
}

CgroupFigures CgroupTree::read(std::string_view path) {
  return version_ == 2 ? read_v2(path) : read_v1(path);
}

CgroupFigures CgroupTree::read_v2(std::string_view path) {
  CgroupFigures figures;
  parse_cpu_stat(text_of(root_, path, "cpu.stat"), figures);
  figures.memory = only_number(text_of(root_, path, "memory.current"));
  if (figures.memory) {
    figures.inactive_file = number_of_key(text_of(root_, path, "memory.stat"), "inactive_file");
    figures.memory_limit = only_number(text_of(root_, path, "memory.max"));
    figures.oom_kills = number_of_key(text_of(root_, path, "memory.events"), "oom_kill");
  }
  parse_io_stat(text_of(root_, path, "io.stat"), counts_device_, figures);
  figures.tasks = only_number(text_of(root_, path, "pids.current"));
  return figures;
}

CgroupFigures CgroupTree::read_v1(std::string_view path) {
  CgroupFigures figures;
  if (const auto ns = only_number(text_of(cpuacct_, path, "cpuacct.usage"))) figures.cpu_us = *ns / 1000;
  // A tree of version 2 beside those of version 1 counts CPU time where no controller is on.
  if (!figures.cpu_us) figures.cpu_us = number_of_key(text_of(unified_, path, "cpu.stat"), "usage_usec");
  parse_cpu_stat_v1(text_of(cpu_, path, "cpu.stat"), figures);
  figures.memory = only_number(text_of(memory_, path, "memory.usage_in_bytes"));
  if (figures.memory) {
    figures.inactive_file = number_of_key(text_of(memory_, path, "memory.stat"), "total_inactive_file");
    figures.memory_limit = only_number(text_of(memory_, path, "memory.limit_in_bytes"));
    figures.oom_kills = number_of_key(text_of(memory_, path, "memory.oom_control"), "oom_kill");
  }
  // A slice's I/O is that of what is in it; kernels before 4.13 have no sum.
  const std::string_view bytes = text_of(blkio_, path, "blkio.throttle.io_service_bytes_recursive");
  parse_blkio(bytes.empty() ? text_of(blkio_, path, "blkio.throttle.io_service_bytes") : bytes, counts_device_,
              figures.read_bytes, figures.written_bytes);
  const std::string_view operations = text_of(blkio_, path, "blkio.throttle.io_serviced_recursive");
  parse_blkio(operations.empty() ? text_of(blkio_, path, "blkio.throttle.io_serviced") : operations, counts_device_,
              figures.reads, figures.writes);
  figures.tasks = only_number(text_of(pids_, path, "pids.current"));
  return figures;
}

bool CgroupTree::counts(std::uint32_t major, std::uint32_t minor) {
  const auto known = std::ranges::find_if(
      devices_, [&](const Device& device) { return device.major == major && device.minor == minor; });
  if (known != devices_.end()) return known->counts;
  const std::string link = sys_ + "/dev/block/" + std::to_string(major) + ':' + std::to_string(minor);
  std::array<char, 512> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  const std::string_view path(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const bool counts = !is_left_out_disk(path.substr(path.rfind('/') + 1));
  if (devices_.size() >= 1'000) devices_.clear();  // numbers of devices that were pulled out
  devices_.push_back({major, minor, counts});
  return counts;
}

}  // namespace vedette::collect
