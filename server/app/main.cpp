// vedette-server: see docs/man/vedette-server.1.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "server/app/options.h"
#include "server/app/run.h"

int main(int count, char** words) {
  try {
    const auto options = vedette::app::parse_options(std::vector<std::string>(words + 1, words + count));
    if (!options) {
      std::cerr << "vedette-server: " << options.error().message << std::endl;
      return 2;
    }
    return options->command == "run" ? vedette::app::run_collector(*options) : vedette::app::run_client(*options);
  } catch (const std::exception& fault) {
    std::cerr << "vedette-server: " << fault.what() << std::endl;
    return 1;
  }
}
