// A file system that can be filled: tests/faults/small_disk.sh makes one and names it in VEDETTE_SMALL_DISK.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace vedette::tests {

/// Writes until not one byte more fits.
inline void fill(const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary);
  for (std::size_t size = 1U << 20; size > 0; size /= 2) {
    const std::string block(size, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(size)).flush()) {
    }
    file.clear();
  }
}

}  // namespace vedette::tests
