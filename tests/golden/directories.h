// Data directories of collectors of earlier days (README.md says whose), unpacked for a test.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace vedette::golden {

/// All there are, in the order of their names.
inline std::vector<std::filesystem::path> directories(const std::string& source_dir) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir + "/tests/golden/directories")) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

/// What is in a gzip file. Throws if it can't be read.
inline std::string gunzipped(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string text, piece(1U << 16, '\0');
  int size = 0;
  while ((size = gzread(file, piece.data(), static_cast<unsigned>(piece.size()))) > 0) {
    text.append(piece, 0, static_cast<std::size_t>(size));
  }
  const int ended = gzclose(file);
  if (size < 0 || ended != Z_OK) throw std::runtime_error("cannot read " + path.string());
  return text;
}

/// The databases of one of them, NAME.db for each NAME.db.gz.
inline void unpack(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".db.gz")) continue;
    const std::string text = gunzipped(entry.path());
    std::ofstream out(to / name.substr(0, name.size() - 3), std::ios::binary);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot unpack " + name);
  }
}

}  // namespace vedette::golden
