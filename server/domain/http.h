// HTTP as values: requests come from server/net, answers go back to it. Roles and api/ never see a socket.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/connection.h"

namespace vedette::domain {

using Header = std::pair<std::string, std::string>;

/// A parsed, strictly checked request head (RFC 9112). Header names are lower case, values trimmed.
struct RequestHead {
  std::string method;  ///< "GET"
  std::string path;    ///< percent-decoded, starts with "/", no "." or ".." segments; "*" of "OPTIONS *"
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded, in order
  std::vector<Header> headers;  ///< in Host what a trusted proxy says the client asked for, where it says so
  std::string peer;       ///< "192.0.2.7:53124", "[2001:db8::1]:53124"; without the port if a proxy doesn't tell it
  bool loopback = false;  ///< the peer is on this machine, and nothing says that it speaks for another
  bool secure = true;     ///< TLS here or, said by a trusted proxy, there

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  ///< empty if absent; first of several
  [[nodiscard]] std::string_view parameter(std::string_view name) const;          ///< first of several
  [[nodiscard]] std::vector<std::string_view> parameters(std::string_view name) const;
  /// All values of this name, in order: paths and neighbouring host names may each have set one.
  [[nodiscard]] std::vector<std::string_view> cookies(std::string_view name) const;
};

struct Request {
  RequestHead head;
  std::string body;
  /// The peer went before it was answered, or said that it sends no more, which nearly always means that: what takes
  /// long may end with any answer.
  std::stop_token gone{};
};

/// A response body that is written while the peer takes it: chunked, or until the connection ends for HTTP/1.0.
/// Implemented by server/net. Everything happens on the connection's loop thread.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  [[nodiscard]] virtual Executor& loop() noexcept = 0;
  /// Queues a piece, shared so that many streams can send it without a copy. False after finish().
  virtual bool write(std::shared_ptr<const std::string> piece) = 0;
  /// The body is complete; what is queued still leaves. `within` is how long the peer may take nothing of it; without
  /// it, as long as for any response. The connection stays open for the next request.
  virtual void finish(std::optional<units::Milliseconds> within = {}) = 0;
  virtual void abort() = 0;  ///< drops the socket: the peer sees a body that was cut off
  [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;  ///< not yet written to the socket
};

/// How a connection ended that the server gave up on.
inline constexpr std::string_view kDropped = "dropped";

/// What writes a BodyStream. Called on its loop thread; nothing is called if the response never leaves (HEAD, a peer
/// that has gone).
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_open(BodyStream& stream) = 0;  ///< after the head was queued; the reference lives until on_end
  virtual void on_drained() {}                   ///< queued_bytes() fell to 0 after being above it
  virtual void on_stop() = 0;                    ///< the server stops: finish() soon
  /// Last call. `how` is empty when the body is complete and written; else how the connection ended before:
  /// "FIN", "RST" …; kDropped if the peer took nothing.
  virtual void on_end(std::string_view how) = 0;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;  ///< Content-Length, Date, Connection and the security headers are net's
  std::string body;
  std::shared_ptr<const std::string> shared_body;  ///< instead of body, for what is large: sent without a copy
  std::shared_ptr<StreamHandler> stream;           ///< instead of both, for what isn't known whole or is too large
  bool proven = false;  ///< the request showed or won a login that holds: its connection is known from here on
};

/// RFC 9457 problem+json: {"type":"about:blank","title","status","detail"}. What isn't UTF-8 in `detail` is replaced.
[[nodiscard]] Response problem(int status, std::string_view detail, std::vector<Header> headers = {});
[[nodiscard]] Response json(int status, std::string body);
/// A 401 names the scheme that would help (RFC 9110, 11.6.1): "Bearer", or "Cookie", of which browsers make nothing.
/// Other answers stay as they are.
[[nodiscard]] Response challenged(Response response, std::string_view scheme);
/// The fitting problem for an Error: invalid 400, unauthorized 401, forbidden 403, not_found 404, conflict 409,
/// too_large 413, unavailable 503, timeout 503, others 500 (whose words are logged, not shown).
[[nodiscard]] Response problem(const units::Error& error);

/// Called once, on any thread.
using Responder = std::function<void(Response)>;

/// Accept an upgrade with this handler and subprotocol, or refuse it with a response.
struct UpgradeAccepted {
  std::unique_ptr<ConnectionHandler> handler;
  std::string subprotocol;           ///< empty: none
  std::size_t max_message = 65'536;  ///< bytes of one message that the peer sends, expanded
  std::size_t max_fragments = 0;     ///< of one message; 0: what net::Config says
  bool compress = false;             ///< permessage-deflate, if the client offers what can be kept
};
using UpgradeDecision = std::variant<UpgradeAccepted, Response>;

/// What net asks of the application. On the loop's thread: must not block.
class HttpService {
 public:
  virtual ~HttpService() = default;
  /// Body bytes allowed for this head; a body over it is answered 413 unread. Called before any body byte is read.
  [[nodiscard]] virtual std::size_t body_limit(const RequestHead& head) = 0;
  /// Answer now or later, on any thread.
  virtual void handle(Request request, Responder respond) = 0;
  /// A valid WebSocket handshake (RFC 6455 4.2.1 is checked already); `offered` are its subprotocols.
  [[nodiscard]] virtual UpgradeDecision upgrade(const RequestHead& head, const std::vector<std::string>& offered) = 0;
};

}  // namespace vedette::domain
