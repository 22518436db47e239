// Captured /proc files of several kernels, under data/, and a /proc of our own that a test can change.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace vedette::collect {

inline std::string capture(const std::string& name) {
  std::ifstream file(VEDETTE_SOURCE_DIR "/tests/agent/collect/data/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) std::abort();
  return text.str();
}

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
    std::ofstream(root_ / name, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(const std::string& name) const { std::filesystem::remove(root_ / name); }
  [[nodiscard]] std::string path() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace vedette::collect
