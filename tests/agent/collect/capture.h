// Captured /proc files of several kernels, under data/, and a /proc of our own that a test can change.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace vedette::collect {

/// A file of data/, whole; one that is absent or empty ends the test program.
[[nodiscard]] std::string capture(const std::string& name);

/// A temporary folder that stands for /proc. A file is rewritten in place, as an open /proc file changes.
class FakeProc {
 public:
  FakeProc() {
    std::string path = (std::filesystem::temp_directory_path() / "vedette-proc-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) std::abort();
    root_ = path;
    std::filesystem::create_directories(root_ / "net");
    std::filesystem::create_directories(root_ / "self");
  }
  ~FakeProc() { std::filesystem::remove_all(root_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(const std::string& name) const { std::filesystem::remove(root_ / name); }
  [[nodiscard]] std::string path() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace vedette::collect
