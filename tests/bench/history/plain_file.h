// What the disk can do: bytes written to a file and synced, nothing else.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace vedette::bench {

class PlainFile {
 public:
  /// Of `size` bytes. Gives up if it can't be written.
  PlainFile(const std::filesystem::path& path, std::size_t size);
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  ~PlainFile();

  /// Overwrites so many bytes and awaits fdatasync(2). Gives up past the file's size.
  void write(std::size_t bytes);

 private:
  const int file_;
  const std::string bytes_;
};

}  // namespace vedette::bench
