// vedette-server: see docs/man/vedette-server.1.
#include <malloc.h>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "server/app/options.h"
#include "server/app/run.h"
#include "server/net/tls_memory.h"

namespace {

/// Left to itself glibc raises this with the largest block freed so far; then each thread that ever hashed a password
/// (19 MB) keeps that much for good.
constexpr int kOwnMapping = 1 << 20;

}  // namespace

int main(int count, char** words) {
  try {
    ::mallopt(M_MMAP_THRESHOLD, kOwnMapping);
    vedette::net::keep_record_buffers();
    const auto options = vedette::app::parse_options(std::vector<std::string>(words + 1, words + count));
    if (!options) {
      std::cerr << "vedette-server: " << options.error().message << '\n';
      return 2;
    }
    return options->command == "run" ? vedette::app::run_collector(*options) : vedette::app::run_client(*options);
  } catch (const std::exception& fault) {
    std::cerr << "vedette-server: " << fault.what() << '\n';
    return 1;
  }
}
