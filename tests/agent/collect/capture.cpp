#include "tests/agent/collect/capture.h"

#include <sstream>

namespace vedette::collect {

std::string capture(const std::string& name) {
  std::ifstream file(VEDETTE_SOURCE_DIR "/tests/agent/collect/data/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) std::abort();
  return text.str();
}

}  // namespace vedette::collect
