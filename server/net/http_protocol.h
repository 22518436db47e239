// HTTP/1.1 on one peer: requests in order, one at a time. Further ones wait until the answer is written: what is read
// of them meanwhile, to see the peer go, is bounded by the size of a head.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "server/net/body_reader.h"
#include "server/net/body_writer.h"
#include "server/net/handshake.h"
#include "server/net/peer.h"
#include "server/net/request_head.h"

namespace vedette::net {

class HttpProtocol final : public Protocol {
 public:
  explicit HttpProtocol(Peer& peer);

  void on_bytes(std::span<const std::uint8_t> bytes) override;
  [[nodiscard]] bool wants_input() const override;
  [[nodiscard]] bool on_input_end() override;
  [[nodiscard]] std::span<const std::uint8_t> output() override;
  void consume(std::size_t n) override;
  void on_flushed() override;
  void on_deadline() override;
  void on_stop(std::uint16_t code, const std::string& reason) override;
  void on_end(const std::string& how) override;

  /// The answer to request `serial`; another is ignored (answered twice, or too late).
  void respond(std::uint64_t serial, const domain::Response& response);

 private:
  enum class State : std::uint8_t { head, body, handling, responding, streaming, finished };

  void advance();
  bool read_head();
  void on_head(std::string_view bytes);
  void begin_body(std::size_t limit);
  bool read_body();
  void hand_over();
  void upgrade();
  void accept(domain::UpgradeAccepted accepted, const Handshake& handshake);
  void write(const domain::Response& response, bool keep_alive);
  void begin_stream(std::shared_ptr<domain::StreamHandler> handler);
  void complete();
  void refuse(const Refusal& refusal);
  void turn_away(int status, std::string_view words);
  void apply_proxy(domain::RequestHead& head);

  Peer& peer_;
  State state_ = State::head;
  bool idle_ = false;  ///< between requests; the first one's deadline began with the socket
  bool stopping_ = false;
  bool input_ended_ = false;  ///< what in_ holds is all that will ever come
  std::string in_;
  std::size_t scanned_ = 0;  ///< bytes of in_ in which no head ends
  ParsedHead request_;
  bool proxied_ = false;  ///< the peer is a proxy, trusted or not
  std::optional<BodyReader> body_;
  std::uint64_t serial_ = 0;
  std::stop_source gone_{std::nostopstate};  ///< of the request that is being handled
  std::string out_;
  std::shared_ptr<const std::string> shared_out_;  ///< after out_
  std::size_t written_ = 0;                        ///< of out_, then of shared_out_
  std::unique_ptr<BodyWriter> stream_;             ///< after out_, while streaming
  bool keep_alive_ = true;
};

}  // namespace vedette::net
