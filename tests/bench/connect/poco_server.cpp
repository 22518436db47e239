#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/ThreadPool.h>
#include <unistd.h>

#include <array>

#include "tests/bench/connect/echo_server.h"

namespace vedette::bench {
namespace {

using Poco::Net::WebSocket;

constexpr int kThreads = 1'200;  // one a client, the warm-up's and the pacers'

class Handler final : public Poco::Net::HTTPRequestHandler {
 public:
  void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override try {
    WebSocket socket(request, response);
    socket.setReceiveTimeout(Poco::Timespan(600, 0));
    std::array<char, 4096> buffer{};
    for (;;) {
      int flags = 0;
      const int size = socket.receiveFrame(buffer.data(), buffer.size(), flags);
      const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
      if ((size == 0 && flags == 0) || opcode == WebSocket::FRAME_OP_CLOSE) return;
      if (opcode == WebSocket::FRAME_OP_TEXT) socket.sendFrame(buffer.data(), size, flags);
    }
  } catch (const Poco::Exception&) {
    // the client is gone
  }
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Handler;
  }
};

}  // namespace

void serve_poco(const std::string& certificate, const std::string& key,
                const std::function<void(std::uint16_t port)>& up) {
  Poco::Net::initializeSSL();
  const Poco::Net::Context::Ptr context =
      new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, key, certificate, "", Poco::Net::Context::VERIFY_NONE);
  Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 1'024, context);
  Poco::ThreadPool threads(16, kThreads);
  auto* const parameters = new Poco::Net::HTTPServerParams;  // HTTPServer counts its references
  parameters->setMaxThreads(kThreads);
  parameters->setMaxQueued(kThreads);
  Poco::Net::HTTPServer server(new Factory, threads, socket, parameters);
  server.start();
  up(socket.address().port());
  for (;;) ::pause();
}

}  // namespace vedette::bench
