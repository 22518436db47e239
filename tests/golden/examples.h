// Byte examples in the documentation: a fence "```example NAME" whose lines are "hex bytes | words".
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace vedette::golden {

/// The bytes of one example. Throws if the page has none of that name.
inline std::string example(const std::string& source_dir, const std::string& page, const std::string& name) {
  std::ifstream file(source_dir + "/docs/" + page);
  std::string line, bytes;
  while (std::getline(file, line) && line != "```example " + name) {
  }
  if (!file) throw std::runtime_error(page + " has no example \"" + name + "\"");
  while (std::getline(file, line) && line != "```") {
    std::istringstream words(line.substr(0, line.find('|')));
    for (std::string hex; words >> hex;) bytes.push_back(static_cast<char>(std::stoi(hex, nullptr, 16)));
  }
  return bytes;
}

}  // namespace vedette::golden
