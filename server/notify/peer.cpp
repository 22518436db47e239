#include "server/notify/peer.h"

#include <Poco/Net/DNS.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <openssl/err.h>

#include <array>

#include "server/notify/mime.h"
#include "server/notify/tls.h"
#include "server/notify/watchdog.h"

namespace vedette::notify {

using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxRead = 65'536;

std::vector<SocketAddress> addresses_of(const Target& target) {
  // An address needs no name server; DNS::resolve would ask one for its canonical name.
  if (Poco::Net::IPAddress literal; Poco::Net::IPAddress::tryParse(target.host, literal))
    return {{literal, target.port}};
  std::vector<SocketAddress> addresses;
  const Poco::Net::HostEntry entry = Poco::Net::DNS::resolve(target.host);
  for (const auto& address : entry.addresses()) {
    addresses.emplace_back(address, target.port);
  }
  return addresses;
}

}  // namespace

struct Peer::Impl {
  Target target;
  Verdict verdict;
  bool secure = false;
  std::string buffer;     ///< read and not handed out yet
  std::size_t total = 0;  ///< bytes read by line()
  StreamSocket socket;
  std::unique_ptr<Watchdog> watchdog;  ///< last: it ends before the socket does
};

Peer::Peer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Peer::Peer(Peer&&) noexcept = default;
Peer::~Peer() = default;

Result<Peer> Peer::connect(const Target& target, const std::stop_token& stop, units::Milliseconds total) {
  Peer peer(std::make_unique<Impl>());
  Impl& impl = *peer.impl_;
  impl.target = target;
  const auto end = std::chrono::steady_clock::now() + total;
  units::Error last{ErrorCode::unavailable, target.to_string() + ": the name has no address"};
  try {
    for (const SocketAddress& address : addresses_of(target)) {
      const auto left = std::chrono::ceil<units::Milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0 || stop.stop_requested()) break;
      try {
        impl.watchdog.reset();
        impl.socket = StreamSocket(address.family());
        impl.watchdog = std::make_unique<Watchdog>(impl.socket.impl()->sockfd(), left, stop);
        impl.socket.connect(address, Poco::Timespan(kConnectTime.count(), 0));
        impl.socket.setReceiveTimeout(Poco::Timespan(kTotalTime.count(), 0));
        impl.socket.setSendTimeout(Poco::Timespan(kTotalTime.count(), 0));
        return peer;
      } catch (const Poco::Exception& fault) {
        last = peer.fault(fault).error();
      }
    }
  } catch (const Poco::Exception& fault) {
    return peer.fault(fault);
  }
  return std::unexpected(std::move(last));
}

Result<void> Peer::secure(const std::string& ca_file) {
  auto context = make_client_context(impl_->target.host, ca_file, impl_->verdict);
  if (!context) return std::unexpected(std::move(context.error()));
  try {
    ERR_clear_error();
    impl_->socket = Poco::Net::SecureStreamSocket::attach(impl_->socket, impl_->target.host, *context);
    impl_->secure = true;
    return {};
  } catch (const std::exception& thrown) {
    if (impl_->verdict.words.empty()) return fault(thrown);
    return units::fail(ErrorCode::unavailable, impl_->target.to_string() + ": its certificate isn't good for \"" +
                                                   impl_->target.host + "\": " + impl_->verdict.words);
  }
}

bool Peer::is_secure() const {
  return impl_->secure;
}

Result<void> Peer::write(std::string_view bytes) {
  try {
    while (!bytes.empty()) {
      const int sent = impl_->socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
      if (sent <= 0) return units::fail(ErrorCode::unavailable, impl_->target.to_string() + ": connection ended");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  } catch (const std::exception& thrown) {
    return fault(thrown);
  }
}

Result<std::string> Peer::line() {
  std::string& buffer = impl_->buffer;
  std::array<char, 1024> bytes{};
  try {
    for (std::size_t end = buffer.find('\n'); end == std::string::npos; end = buffer.find('\n')) {
      if (buffer.size() > kMaxLine || impl_->total > kMaxRead) {
        return units::fail(ErrorCode::invalid, impl_->target.to_string() + ": answers without end");
      }
      const int count = impl_->socket.receiveBytes(bytes.data(), bytes.size());
      if (count <= 0) {
        return impl_->watchdog->barked()
                   ? fault(Poco::TimeoutException())
                   : units::fail(ErrorCode::unavailable, impl_->target.to_string() + ": connection ended");
      }
      buffer.append(bytes.data(), static_cast<std::size_t>(count));
      impl_->total += static_cast<std::size_t>(count);
    }
  } catch (const std::exception& thrown) {
    return fault(thrown);
  }
  const std::size_t end = buffer.find('\n');
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

bool Peer::holds_unread() const {
  return !impl_->buffer.empty();
}

StreamSocket& Peer::socket() {
  return impl_->socket;
}

std::unexpected<units::Error> Peer::fault(const std::exception& thrown) const {
  const std::string where = impl_->target.to_string() + ": ";
  if ((impl_->watchdog && impl_->watchdog->barked()) || dynamic_cast<const Poco::TimeoutException*>(&thrown)) {
    return units::fail(ErrorCode::timeout, where + "no answer in time");
  }
  const auto* poco = dynamic_cast<const Poco::Exception*>(&thrown);
  return units::fail(ErrorCode::unavailable, where + one_line(poco ? poco->displayText() : thrown.what()));
}

}  // namespace vedette::notify
