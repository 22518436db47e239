// What is logged while it lives, for tests to look at.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/log.h"
#include "server/domain/guarded.h"

namespace vedette::app {

/// Made before any thread starts, gone after the last one ended.
struct Log {
  domain::Guarded<std::string> lines;
  Log() {
    units::bind_log(
        [this](units::Level, std::string_view line) { lines.with([line](std::string& all) { all += line; }); });
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { units::bind_log({}); }

  std::size_t count(std::string_view words) {
    return lines.with([words](const std::string& all) {
      std::size_t n = 0;
      for (std::size_t at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++n;
      return n;
    });
  }
};

}  // namespace vedette::app
