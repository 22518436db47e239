#include "tests/bench/history/plain_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <random>

#include "tests/bench/history/figures.h"

namespace vedette::bench {
namespace {

// No two blocks are alike, in case the disk looks for such.
std::string noise(std::size_t size) {
  std::mt19937_64 random(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

PlainFile::PlainFile(const std::filesystem::path& path, std::size_t size)
    : file_(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), bytes_(noise(size)) {
  write(size);
  (void)::fsync(file_);
}

PlainFile::~PlainFile() {
  ::close(file_);
}

void PlainFile::write(std::size_t bytes) {
  if (bytes > bytes_.size()) give_up("a commit was larger than the file beside the store");
  if (::pwrite(file_, bytes_.data(), bytes, 0) != static_cast<ssize_t>(bytes) || ::fdatasync(file_) != 0) {
    give_up("the file beside the store can't be written");
  }
}

}  // namespace vedette::bench
