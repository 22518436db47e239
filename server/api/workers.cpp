#include "server/api/workers.h"

namespace vedette::api {

Workers::Workers(std::size_t threads, std::size_t capacity) : queue_(capacity, domain::Overflow::reject) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
  stop();
}

bool Workers::submit(Task task) {
  return queue_.push(std::move(task));
}

void Workers::stop() {
  stopping_ = true;
  queue_.close();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Workers::run() {
  while (auto task = queue_.pop()) {
    if (!stopping_) (*task)();
  }
}

}  // namespace vedette::api
