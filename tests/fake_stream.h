// A response body as its writer sees it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/domain/http.h"

namespace vedette::tests {

/// A body whose peer reads only when told.
class FakeStream final : public domain::BodyStream {
 public:
  explicit FakeStream(domain::Executor& loop) : loop_(loop) {}
  [[nodiscard]] domain::Executor& loop() noexcept override { return loop_; }
  bool write(std::shared_ptr<const std::string> piece) override {
    if (finished) return false;
    written += *piece;
    if (!reads) queued += piece->size();
    return true;
  }
  void finish(std::optional<units::Milliseconds> within) override { finished = true, patience = within; }
  void abort() override { aborted = true; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return queued; }

  std::string written;
  std::size_t queued = 0;
  bool reads = true, finished = false, aborted = false;
  std::optional<units::Milliseconds> patience;

 private:
  domain::Executor& loop_;
};

}  // namespace vedette::tests
