// What a session has yet to write: whole frames in order, own ones and ones shared between many sessions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vedette::wire {

/// One owner thread. Shared frames are only referred to until output() gathers small ones for one write.
class OutputQueue {
 public:
  static constexpr std::size_t kWrite = 64 * 1024;  ///< about the most that one write takes

  void push(std::string frame);
  void push(std::shared_ptr<const std::string> frame);
  /// Like push(), but takes the place of the newest frame if that was pushed here too and nothing of it was given out:
  /// a flood of pings then keeps one pong waiting (RFC 6455, 5.5.3 allows answering only the newest ping).
  void push_pong(std::string frame, bool replace);

  /// Bytes to write next, empty when nothing waits. Valid until the next call.
  [[nodiscard]] std::span<const std::uint8_t> output();
  /// Precondition: n is at most the size of the last output().
  void consume(std::size_t n);

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t frames() const noexcept { return items_.size() - head_ + gathered_frames_; }

 private:
  struct Item {
    std::shared_ptr<const std::string> shared;  ///< if set, instead of `own`
    std::string own;
    bool pong = false;
    [[nodiscard]] const std::string& text() const noexcept { return shared ? *shared : own; }
  };
  void add(Item item);
  void gather();
  void drop_front();

  std::vector<Item> items_;  ///< from head_ on: what waits
  std::size_t head_ = 0;
  std::size_t offset_ = 0;    ///< bytes of the first item written already
  bool front_given_ = false;  ///< the first item was handed out: it may be half way to the peer
  std::string gathered_;      ///< small frames moved side by side, so that one write (one TLS record) takes them
  std::size_t gathered_written_ = 0;
  std::size_t gathered_frames_ = 0;
  std::size_t bytes_ = 0;  ///< of everything that waits
};

}  // namespace vedette::wire
