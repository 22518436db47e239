#include "server/api/piece_stream.h"

#include <utility>

#include "schema/units/log.h"
#include "server/api/coding.h"

namespace vedette::api {

using domain::problem;
using units::Result;

namespace {

constexpr units::Milliseconds kBusy{100};  // before a refused task is tried again

/// Pieces as they leave.
class CodedPieces {
 public:
  CodedPieces(std::unique_ptr<Pieces> pieces, bool compress) : pieces_(std::move(pieces)) {
    if (compress) gzip_.emplace();
  }

  /// None is empty.
  Result<std::optional<std::string>> next(const std::stop_token& gone) {
    while (!done_) {
      auto piece = pieces_->next(gone);
      if (!piece) return piece;
      done_ = !*piece;
      if (gzip_) *piece = done_ ? gzip_->finish() : gzip_->add(**piece);
      if (*piece && !(*piece)->empty()) return piece;
    }
    return std::optional<std::string>();
  }

 private:
  std::unique_ptr<Pieces> pieces_;
  std::optional<Gzip> gzip_;
  bool done_ = false;
};

class PieceStream final : public domain::StreamHandler, public std::enable_shared_from_this<PieceStream> {
 public:
  PieceStream(CodedPieces pieces, std::string first, Router::Submit submit)
      : pieces_(std::move(pieces)), first_(std::move(first)), submit_(std::move(submit)) {}

  void on_open(domain::BodyStream& stream) override {
    stream_ = &stream;
    stream.write(std::make_shared<const std::string>(std::exchange(first_, {})));
  }
  void on_drained() override { make_next(); }
  void on_stop() override { stream_->abort(); }  // what is there isn't whole, and mustn't look so
  void on_end(std::string_view) override {
    stream_ = nullptr;
    gone_.request_stop();
  }

 private:
  void make_next() {
    if (stream_ == nullptr || std::exchange(making_, true)) return;
    domain::Executor& loop = stream_->loop();
    const auto make = [self = shared_from_this(), &loop] {
      loop.post([self, piece = self->made()]() mutable { self->take(std::move(piece)); });
    };
    if (submit_(make)) return;
    making_ = false;
    loop.after(kBusy, [self = shared_from_this()] { self->make_next(); });
  }

  /// On a worker.
  Result<std::optional<std::string>> made() {
    try {
      return pieces_.next(gone_.get_token());
    } catch (const std::exception& fault) {
      return units::fail(units::ErrorCode::internal, fault.what());
    }
  }

  void take(Result<std::optional<std::string>> piece) {
    making_ = false;
    if (stream_ == nullptr) return;
    if (!piece) {
      units::log_warning("an answer was cut off", {{"error", piece.error().message}});
      return stream_->abort();
    }
    if (!*piece) return stream_->finish();
    stream_->write(std::make_shared<const std::string>(std::move(**piece)));
  }

  CodedPieces pieces_;  ///< a worker's while making_
  std::string first_;
  const Router::Submit submit_;
  std::stop_source gone_;
  domain::BodyStream* stream_ = nullptr;
  bool making_ = false;
};

}  // namespace

domain::Response streamed(std::unique_ptr<Pieces> pieces, const domain::Request& request, const Router::Submit& submit,
                          std::vector<domain::Header> headers) {
  const bool compress = takes_gzip(request.head.header("accept-encoding"));
  CodedPieces coded(std::move(pieces), compress);
  auto first = coded.next(request.gone);
  if (!first) return problem(first.error());
  domain::Response response;
  response.headers = std::move(headers);
  response.headers.emplace_back("Vary", "Accept-Encoding, Cookie");
  if (compress) response.headers.emplace_back("Content-Encoding", "gzip");
  response.stream = std::make_shared<PieceStream>(std::move(coded), first->value_or(""), submit);
  return response;
}

}  // namespace vedette::api
