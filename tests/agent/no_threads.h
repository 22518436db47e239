// While it lives, std::thread throws system_error (EAGAIN), as on a machine that has no more threads to give: none has
// room for a stack of 128 TiB.
#pragma once

#include <pthread.h>

#include <cstdlib>

namespace vedette::tests {

class NoThreads {
 public:
  NoThreads() {
    pthread_attr_t huge{};
    if (::pthread_getattr_default_np(&before_) != 0 || ::pthread_getattr_default_np(&huge) != 0 ||
        ::pthread_attr_setstacksize(&huge, std::size_t{1} << 47) != 0 || ::pthread_setattr_default_np(&huge) != 0) {
      std::abort();
    }
    ::pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

}  // namespace vedette::tests
