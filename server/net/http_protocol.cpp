#include "server/net/http_protocol.h"

#include <algorithm>
#include <utility>

#include "server/domain/clock.h"
#include "server/net/response_head.h"
#include "server/net/shard.h"
#include "server/net/websocket_protocol.h"

namespace vedette::net {
namespace {

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

HttpProtocol::HttpProtocol(Peer& peer) : peer_(peer) {}

void HttpProtocol::on_bytes(std::span<const std::uint8_t> bytes) {
  in_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  advance();
}

bool HttpProtocol::wants_input() const {
  // To see the peer go: an answer may take long, silence in a body too, and there is nothing to write that could fail.
  if (state_ == State::handling || state_ == State::streaming) return in_.size() < peer_.shard().config().head;
  return state_ == State::head || state_ == State::body;
}

bool HttpProtocol::on_input_end() {
  if (state_ != State::handling) return false;
  // Nearly always all of it has gone, so that what takes long ends. One that only says that it won't ask again gets the
  // answers to what it did ask.
  gone_.request_stop();
  input_ended_ = true;
  keep_alive_ = keep_alive_ && !in_.empty();
  return true;
}

void HttpProtocol::advance() {
  if (std::exchange(idle_, false)) peer_.set_deadline(peer_.shard().config().head_deadline);
  while (!in_.empty() && (state_ == State::head || state_ == State::body)) {
    if (!(state_ == State::head ? read_head() : read_body())) return;
  }
}

/// False when more bytes are needed.
bool HttpProtocol::read_head() {
  if (in_.starts_with("\r\n")) in_.erase(0, 2);  // RFC 9112, 2.2: after a body, by old clients
  const std::size_t limit = peer_.shard().config().head;
  const std::size_t from = scanned_ > 3 ? scanned_ - 3 : 0;
  const std::size_t end = in_.find("\r\n\r\n", from);
  const std::size_t size = end == std::string::npos ? in_.size() : end + 4;
  for (std::size_t lf = in_.find('\n', scanned_); lf < size; lf = in_.find('\n', lf + 1)) {
    if (lf == 0 || in_[lf - 1] != '\r') {
      refuse({400, "LF without CR in the head"});
      return false;
    }
  }
  if (size > limit) {
    refuse({431, "the request head is over " + std::to_string(limit) + " bytes"});
    return false;
  }
  scanned_ = size;
  if (end == std::string::npos) return false;
  scanned_ = 0;
  const std::string head = in_.substr(0, size);
  in_.erase(0, size);
  on_head(head);
  return true;
}

void HttpProtocol::on_head(std::string_view bytes) {
  if (peer_.standing() == Standing::over_address) return turn_away(429, "too many connections from your address");
  if (peer_.standing() == Standing::over_total) return turn_away(503, "the collector has all connections it may have");
  auto parsed = parse_head(bytes);
  if (!parsed) return refuse(parsed.error());
  request_ = std::move(*parsed);
  request_.head.peer = peer_.address().text;
  request_.head.loopback = peer_.address().loopback;
  request_.head.secure = !peer_.shard().config().plaintext || peer_.shard().config().only_proxies;
  apply_proxy(request_.head);
  if (asks_for_websocket(request_)) return upgrade();
  const std::size_t limit = peer_.shard().service().body_limit(request_.head);
  if (!request_.chunked && request_.content_length > limit) {
    return refuse({413, "the body is over " + std::to_string(limit) + " bytes"});
  }
  begin_body(limit);
}

void HttpProtocol::apply_proxy(domain::RequestHead& head) {
  const Config& config = peer_.shard().config();
  proxied_ = config.is_proxy(peer_.address().host);
  if (proxied_ || was_forwarded(head)) head.loopback = false;
  if (!config.trusts(peer_.address().host)) return;
  if (const auto client = forwarded_client(head, config.trusted_proxies)) head.peer = client->text;
  if (last_item(head, "x-forwarded-proto") == "https") head.secure = true;
  const std::string asked(last_item(head, "x-forwarded-host"));
  const auto host = std::ranges::find(head.headers, "host", &domain::Header::first);
  if (!asked.empty() && host != head.headers.end()) host->second = asked;
}

void HttpProtocol::begin_body(std::size_t limit) {
  body_.emplace(request_, limit);
  if (body_->complete()) return hand_over();
  state_ = State::body;
  peer_.set_deadline(peer_.shard().config().body_deadline);
  if (!request_.expects_continue || !in_.empty()) return;
  out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  peer_.pump_soon();
}

bool HttpProtocol::read_body() {
  std::string_view rest = in_;
  const bool good = body_->feed(rest);
  in_.erase(0, in_.size() - rest.size());
  if (!good) {
    refuse(body_->refusal());
    return false;
  }
  if (body_->complete()) hand_over();
  return true;
}

void HttpProtocol::hand_over() {
  state_ = State::handling;
  peer_.set_deadline(peer_.shard().config().answer_deadline);
  keep_alive_ = request_.keep_alive && !(input_ended_ && in_.empty());
  gone_ = std::stop_source();
  domain::Request request{request_.head, body_->take(), gone_.get_token()};
  body_.reset();
  peer_.shard().service().handle(std::move(request), peer_.shard().responder(peer_.id(), ++serial_));
}

void HttpProtocol::respond(std::uint64_t serial, const domain::Response& response) {
  if (state_ != State::handling || serial != serial_) return;
  if (response.proven) peer_.prove();
  write(response, keep_alive_ && !stopping_);
}

void HttpProtocol::write(const domain::Response& response, bool keep_alive) {
  state_ = State::responding;
  gone_ = std::stop_source(std::nostopstate);
  keep_alive_ = keep_alive;
  if (response.stream && request_.http_1_0) keep_alive_ = false;
  out_ += response_head(response, {domain::SystemClock().now(), keep_alive_, request_.http_1_0,
                                   &peer_.shard().config().content_security_policy});
  peer_.set_deadline(peer_.shard().config().write_deadline);
  peer_.pump_soon();
  if (request_.head.method == "HEAD" || response.status == 204 || response.status == 304) return;
  if (response.stream) return begin_stream(response.stream);
  shared_out_ = response.shared_body;
  if (!shared_out_) out_ += response.body;
}

void HttpProtocol::begin_stream(std::shared_ptr<domain::StreamHandler> handler) {
  state_ = State::streaming;
  const auto framing = request_.http_1_0 ? BodyWriter::Framing::until_close : BodyWriter::Framing::chunked;
  stream_ = std::make_unique<BodyWriter>(peer_, std::move(handler), framing);
  stream_->open();
}

void HttpProtocol::turn_away(int status, std::string_view words) {
  request_ = {};
  in_.clear();
  write(domain::problem(status, words, {{"Retry-After", "10"}}), false);
}

void HttpProtocol::refuse(const Refusal& refusal) {
  Refusals& refusals = peer_.shard().refusals();
  if (refusal.status == 431) ++refusals.head;
  if (refusal.status == 413) ++refusals.body;
  request_ = {};
  in_.clear();
  write(domain::problem(refusal.status, refusal.words), false);
}

std::span<const std::uint8_t> HttpProtocol::output() {
  if (written_ < out_.size()) return as_bytes(std::string_view(out_).substr(written_));
  if (stream_) return stream_->output();
  if (!shared_out_) return {};
  return as_bytes(std::string_view(*shared_out_).substr(written_ - out_.size()));
}

void HttpProtocol::consume(std::size_t n) {
  if (stream_ && written_ == out_.size()) return stream_->consume(n);
  written_ += n;
  if (state_ == State::responding) peer_.set_deadline(peer_.shard().config().write_deadline);
}

void HttpProtocol::on_flushed() {
  std::string().swap(out_);
  shared_out_.reset();
  written_ = 0;
  if (state_ == State::streaming ? stream_->flushed() : state_ == State::responding) complete();  // else it was the 100
}

/// The answer has left.
void HttpProtocol::complete() {
  if (const auto stream = std::exchange(stream_, nullptr)) stream->on_end({});
  if (!keep_alive_) {
    state_ = State::finished;
    return peer_.finish(peer_.shard().config().linger_deadline);
  }
  state_ = State::head;
  request_ = {};
  idle_ = true;
  peer_.set_deadline(peer_.shard().config().idle_deadline);
  if (in_.empty()) return;
  advance();
  peer_.pump_soon();
}

void HttpProtocol::on_deadline() {
  Refusals& refusals = peer_.shard().refusals();
  if (state_ == State::head) ++(idle_ ? refusals.idle_deadline : refusals.head_deadline);
  if (state_ == State::body) ++refusals.body_deadline;
  if (state_ == State::handling) ++refusals.answer_deadline;
  if (state_ == State::responding || state_ == State::streaming) ++refusals.write_deadline;
  // A peer in the middle of something hears why; a silent one, or one that doesn't read, is dropped.
  if (state_ == State::body || (state_ == State::head && !in_.empty()))
    return refuse({408, "the request took too long"});
  // The service may still answer: respond() then finds another state and lets the answer go.
  if (state_ == State::handling) {
    gone_.request_stop();
    return turn_away(503, "the collector didn't answer in time; try again");
  }
  peer_.drop();
}

void HttpProtocol::on_stop(std::uint16_t, const std::string&) {
  stopping_ = true;
  keep_alive_ = false;
  if (stream_) return stream_->on_stop();
  if (state_ == State::head || state_ == State::body) {
    state_ = State::finished;
    peer_.finish(units::Milliseconds{0});
  }
}

void HttpProtocol::on_end(const std::string& how) {
  gone_.request_stop();
  if (stream_) stream_->on_end(how);
}

void HttpProtocol::upgrade() {
  const auto handshake = check_handshake(request_);
  if (!handshake) return write(handshake.error(), false);
  if (stopping_) return write(domain::problem(503, "The collector is stopping.", {{"Retry-After", "5"}}), false);
  auto decision = peer_.shard().service().upgrade(request_.head, handshake->offered);
  if (auto* refused = std::get_if<domain::Response>(&decision)) return write(*refused, request_.keep_alive);
  accept(std::move(std::get<domain::UpgradeAccepted>(decision)), *handshake);
}

void HttpProtocol::accept(domain::UpgradeAccepted accepted, const Handshake& handshake) {
  state_ = State::finished;
  const std::string early = std::exchange(in_, {});
  const auto deflate = accepted.compress ? wire::answer_offers(handshake.extensions) : std::nullopt;
  WebSocketProtocol::Start start{
      .response = switching_protocols(handshake, accepted.subprotocol, deflate ? deflate->field : std::string()),
      .peer = request_.head.peer,
      .path = path_of(peer_.address(), proxied_),
      .limits = {.message = accepted.max_message,
                 .fragments = accepted.max_fragments > 0 ? accepted.max_fragments : peer_.shard().config().fragments,
                 .queued = peer_.shard().config().queued,
                 .queued_messages = peer_.shard().config().queued_messages},
      .compression = {}};
  if (deflate) start.compression = {&peer_.shard().deflate(), deflate->window_bits};
  auto next = std::make_unique<WebSocketProtocol>(peer_, std::move(start));
  WebSocketProtocol& socket = *next;
  peer_.set_deadline(std::nullopt);
  peer_.prove();
  Peer& peer = peer_;
  peer.become(std::move(next));  // from here on this object only lives until the call returns
  socket.open(std::move(accepted.handler));
  if (!early.empty()) socket.on_bytes(as_bytes(early));
  peer.pump_soon();
}

}  // namespace vedette::net
