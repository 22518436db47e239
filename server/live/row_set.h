// The rows of a topic by key, in the order in which their keys first came.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/live/message.h"

namespace vedette::live {

/// One owner thread. Rows are shared, so holding one costs a pointer.
class RowSet {
 public:
  /// Sets the row of a key, in place if there was one. True if one was replaced.
  bool put(std::string_view key, SharedRow row);
  void erase(std::string_view key);
  /// Drops the rows that came first until `count` are left; how many were dropped.
  std::size_t keep_last(std::size_t count);
  void clear();

  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] std::vector<SharedRow> rows() const;

 private:
  struct Entry {
    std::string key;
    SharedRow row;
  };
  std::map<std::uint64_t, Entry> rows_;
  std::unordered_map<std::string, std::uint64_t> places_;
  std::uint64_t next_ = 0;
};

}  // namespace vedette::live
