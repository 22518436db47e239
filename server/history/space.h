// Room on the disk: stops the writer before the disk is full to the last byte, and keeps a reserve file whose release
// gives sealing and reading what they need when someone else has filled it.
//
// One owner, the sealer's thread; low() is for any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "schema/units/result.h"

namespace vedette::history {

class Space {
 public:
  struct Options {
    std::uint64_t reserve = 16U << 20;            ///< bytes of the reserve file; 0: neither reserve nor watch
    std::function<std::uint64_t()> free_bytes{};  ///< tests only; empty: asks the file system
  };

  Space(std::filesystem::path directory, Options options);

  /// Looks at the disk. Below half a reserve of free bytes the disk counts as full and the reserve is released (so it
  /// does at a start that finds no reserve and too little room to make one); it counts as well again, and the reserve
  /// is made anew, from two reserves on. True when that just happened.
  [[nodiscard]] bool look();

  /// Nothing may be written but what sealing needs.
  [[nodiscard]] bool low() const noexcept { return low_; }
  /// "disk full: 3 MB free; nothing is stored below 32 MB".
  [[nodiscard]] std::string words() const;

  /// Removes the reserve file of a directory, for a start on a full disk. True if there was one.
  static bool release(const std::filesystem::path& directory);

 private:
  [[nodiscard]] std::uint64_t free_bytes() const;
  [[nodiscard]] bool make_reserve();

  const std::filesystem::path directory_;
  const Options options_;
  std::uint64_t free_ = 0;
  bool held_ = false;
  std::atomic<bool> low_{false};
};

}  // namespace vedette::history
