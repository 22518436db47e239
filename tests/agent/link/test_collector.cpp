#include "tests/agent/link/test_collector.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "schema/chunk/chunk.h"
#include "schema/units/host_id.h"
#include "schema/wire/session.h"
#include "schema/wire/tick_codec.h"

namespace vedette::link {

std::size_t Seen::total() const {
  std::size_t count = 0;
  for (const auto& [stream, list] : ticks) count += list.size();
  return count;
}

/// One connection.
struct TestCollector::Peer final : wire::SessionEvents {
  Peer(TestCollector& owner, SSL* tls) : collector(owner), ssl(tls) {}

  TestCollector& collector;
  SSL* ssl;
  std::string received;
  wire::Session session{wire::Role::server, {}};
  wire::TickDecoder decoder;
  wire::StreamId stream = 0;
  bool over = false;

  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t code, std::string_view) override {
    const std::scoped_lock lock(collector.mutex_);
    collector.seen_.closes.push_back(code);
    over = true;
  }
  void on_message(wire::Opcode, std::span<const std::uint8_t> data) override {
    const auto message = wire::decode_agent(data);
    const std::scoped_lock lock(collector.mutex_);
    if (!message) {
      collector.seen_.error = message.error().message;
      return;
    }
    std::visit([this](const auto& one) { take(one); }, *message);
    const bool rarely = collector.behaviour_.every_ms >= 1000;
    if (collector.behaviour_.ack && !rarely && collector.seen_.total() > 0) ack();
  }

  void send(const wire::CollectorMessage& message) { session.send(wire::Opcode::binary, wire::encode(message)); }

  void take(const wire::Hello& hello) {
    Seen& seen = collector.seen_;
    seen.hellos.push_back(hello);
    stream = hello.stream;
    if (collector.behaviour_.retry) return send(*collector.behaviour_.retry);
    if (!collector.behaviour_.welcome) return;
    wire::Welcome welcome;
    welcome.interval = units::Milliseconds{collector.behaviour_.interval_ms};
    welcome.collector_time = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
    welcome.host_id = std::string(32, '0');
    for (const wire::OpenStream& open : hello.open) {
      const auto& list = seen.ticks[open.stream];
      welcome.resume.push_back({open.stream, list.empty() ? 0 : list.rbegin()->first});
    }
    send(welcome);
  }
  void take(const wire::Announce& announce) { collector.seen_.series += announce.series.size(); }
  void take(const wire::TickMessage& tick) {
    const auto row = decoder.decode({reinterpret_cast<const std::uint8_t*>(tick.data.data()), tick.data.size()},
                                    collector.seen_.series);
    if (!row) {
      collector.seen_.error = row.error().message;
      return;
    }
    ++collector.seen_.live;
    accept(stream, tick.number, units::unix_ms(row->at));
  }
  void take(const wire::Backfill& backfill) {
    if (const auto code = collector.behaviour_.fault_on_backfill) {
      session.close(*code, "this batch is bad");
      return;
    }
    const auto table =
        chunk::decode({reinterpret_cast<const std::uint8_t*>(backfill.chunk.data()), backfill.chunk.size()}, {});
    if (!table) {
      collector.seen_.error = table.error().message;
      return;
    }
    collector.seen_.packed += table->times.size();
    collector.seen_.backfill_ends += backfill.end ? 1 : 0;
    for (std::size_t i = 0; i < table->times.size(); ++i) accept(backfill.stream, backfill.first + i, table->times[i]);
  }
  void take(const wire::Goodbye& goodbye) { collector.seen_.goodbyes.push_back(goodbye.reason); }
  void take(const wire::Evidence&) {}
  void take(const wire::Happening&) {}
  void take(const wire::Processes&) {}

  void accept(wire::StreamId into, wire::TickNumber number, std::int64_t at) {
    auto& list = collector.seen_.ticks[into];
    if (!list.empty() && number <= list.rbegin()->first) {
      ++collector.seen_.again;
    } else {
      list[number] = at;
    }
  }
  void ack() {
    wire::Ack all;
    for (const auto& [id, list] : collector.seen_.ticks) {
      // Rare acks are the benchmark's: like the real collector, only streams of this connection.
      if (collector.behaviour_.every_ms >= 1000 && id != stream) continue;
      if (!list.empty()) all.streams.push_back({id, list.rbegin()->first});
    }
    if (!all.streams.empty()) send(all);
  }

  void write_out() {
    while (!session.output().empty()) {
      const auto bytes = session.output();
      const int n = SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
      if (n <= 0) {
        over = true;
        return;
      }
      session.consume(static_cast<std::size_t>(n));
    }
  }
};

TestCollector::TestCollector(const Signed& authority, const Signed& server, Behaviour behaviour)
    : behaviour_(std::move(behaviour)) {
  std::signal(SIGPIPE, SIG_IGN);
  context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_use_certificate(context_, server.certificate.get());
  SSL_CTX_use_PrivateKey(context_, server.key.get());
  SSL_CTX_add1_chain_cert(context_, authority.certificate.get());
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

TestCollector::~TestCollector() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

void TestCollector::behave(const std::function<void(Behaviour&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(behaviour_);
}

Behaviour TestCollector::behaviour() const {
  const std::scoped_lock lock(mutex_);
  return behaviour_;
}

Seen TestCollector::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

void TestCollector::close(std::uint16_t code, std::string reason) {
  const std::scoped_lock lock(mutex_);
  close_ = {code, std::move(reason)};
}

void TestCollector::write(std::string bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_ = std::move(bytes);
}

void TestCollector::run() {
  while (!stop_) {
    pollfd one{listener_, POLLIN, 0};
    if (::poll(&one, 1, 5) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    if (!shut_) serve(fd);
    ::close(fd);
  }
}

void TestCollector::serve(int fd) {
  {
    const std::scoped_lock lock(mutex_);
    ++seen_.connections;
    close_.reset();
  }
  cut_ = false;
  const timeval limit{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1) {
    Peer peer(*this, ssl);
    if (answer_request(peer)) talk(peer);
    if (cut_) {
      const linger hard{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    } else {
      SSL_shutdown(ssl);
    }
  }
  SSL_free(ssl);
}

/// False if the conversation ends with the answer.
bool TestCollector::answer_request(Peer& peer) {
  std::array<char, 4096> buffer{};
  std::string text;
  while (text.find("\r\n\r\n") == std::string::npos) {
    const int n = SSL_read(peer.ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (n <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  {
    const std::scoped_lock lock(mutex_);
    seen_.requests.push_back(text);
    seen_.series = 0;
  }
  std::string answer = behaviour().answer;
  const bool upgrade = answer.empty();
  if (upgrade) {
    constexpr std::string_view kField = "Sec-WebSocket-Key: ";
    const std::size_t at = text.find(kField) + kField.size();
    answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
             wire::accept_key(text.substr(at, text.find("\r\n", at) - at)) +
             "\r\nSec-WebSocket-Protocol: vedette.agent.v1\r\n\r\n";
  }
  SSL_write(peer.ssl, answer.data(), static_cast<int>(answer.size()));
  return upgrade;
}

void TestCollector::talk(Peer& peer) {
  std::array<std::uint8_t, 16 * 1024> buffer{};
  auto next_ping = std::chrono::steady_clock::now();
  while (!stop_ && !cut_ && !peer.over) {
    pollfd one{SSL_get_fd(peer.ssl), POLLIN, 0};
    if (SSL_pending(peer.ssl) > 0 || ::poll(&one, 1, 2) > 0) {
      const int n = SSL_read(peer.ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (n <= 0) return;
      if (!peer.session.receive(std::span(buffer).first(static_cast<std::size_t>(n)), peer)) peer.over = true;
      if (!behaviour().goodbye && peer.over) {
        while (!stop_ && !cut_) std::this_thread::yield();
        return;
      }
    }
    if (behaviour().ping && std::chrono::steady_clock::now() >= next_ping) {
      peer.session.ping("12345678");
      next_ping += std::chrono::milliseconds(behaviour().every_ms);
      const std::scoped_lock lock(mutex_);
      if (behaviour_.ack && behaviour_.every_ms >= 1000) peer.ack();
    }
    {
      const std::scoped_lock lock(mutex_);
      if (close_) peer.session.close(close_->first, close_->second);
      close_.reset();
    }
    peer.write_out();
    const std::scoped_lock lock(mutex_);
    if (const std::string bytes = std::exchange(bytes_, {}); !bytes.empty()) {
      peer.over = SSL_write(peer.ssl, bytes.data(), static_cast<int>(bytes.size())) <= 0;
    }
  }
}

}  // namespace vedette::link
