#include "server/notify/webhook.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>

#include <istream>
#include <ostream>

#include "schema/units/utf8.h"
#include "server/notify/mime.h"
#include "server/notify/peer.h"

namespace vedette::notify {

using Poco::Net::HTTPResponse;
using units::ErrorCode;
using units::Result;

namespace {

constexpr int kMaxFields = 100;
constexpr std::size_t kShown = 200;  // of the answer's body

std::string words(const HTTPResponse& response, std::istream& in) {
  std::string body;  // one by one: read() forgets what came before a connection's unclean end
  for (char c = 0; body.size() < kShown && in.get(c);) body += c;
  std::string out = std::to_string(static_cast<int>(response.getStatus())) + " " + response.getReason();
  if (!body.empty()) out += " " + body;
  return std::string(units::cut_utf8(one_line(out), 2 * kShown));
}

Result<std::string> exchange(Peer& peer, const Target& target, const std::string& body) {
  Poco::Net::HTTPClientSession session(peer.socket());
  session.setKeepAlive(false);
  Poco::Net::HTTPRequest request("POST", target.path, "HTTP/1.1");
  request.setHost(target.host, target.port);
  request.setContentType("application/json");
  request.setContentLength(static_cast<std::streamsize>(body.size()));
  request.set("User-Agent", "vedette-server");
  session.sendRequest(request) << body << std::flush;
  HTTPResponse response;
  response.setFieldLimit(kMaxFields);
  std::istream& in = session.receiveResponse(response);
  const int status = response.getStatus();
  std::string answer = words(response, in);
  if (status >= 200 && status < 300) return answer;
  const bool away = status == 429 || status >= 500;
  return units::fail(away ? ErrorCode::unavailable : ErrorCode::invalid,
                     target.to_string() + " answers: " + answer +
                         (status >= 300 && status < 400 ? " (redirects aren't followed: put the final URL)" : ""));
}

}  // namespace

Result<std::string> post(const Webhook& webhook, const std::string& body, std::stop_token stop) {
  const auto target = web_target(webhook.url);
  if (!target) return units::fail(ErrorCode::invalid, "url " + target.error().message);
  auto peer = Peer::connect(*target, std::move(stop));
  if (!peer) return std::unexpected(peer.error());
  if (target->tls) {
    if (auto ok = peer->secure(webhook.ca_file); !ok) return std::unexpected(ok.error());
  }
  try {
    return exchange(*peer, *target, body);
  } catch (const std::exception& thrown) {
    return peer->fault(thrown);
  }
}

}  // namespace vedette::notify
