// The threads on which requests are answered, so that a slow answer never holds up an event loop.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "server/domain/queue.h"

namespace vedette::api {

/// A fixed number of threads and one bounded queue (refusing). submit(): any thread.
class Workers {
 public:
  using Task = std::function<void()>;

  Workers(std::size_t threads, std::size_t capacity);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  /// False when the queue is full or stop() was called; then the task is not run and counted in refused().
  [[nodiscard]] bool submit(Task task);
  /// Drops what waits, lets what runs come to its end, and ends the threads. Call when the network has stopped: nobody
  /// could receive the answers. Not from a worker.
  void stop();

  [[nodiscard]] std::uint64_t refused() const { return queue_.refused(); }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }

 private:
  void run();

  domain::BoundedQueue<Task> queue_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vedette::api
