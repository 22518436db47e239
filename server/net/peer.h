// One accepted socket on its loop: reads, writes, deadlines and the end. What the bytes mean is its protocol's: HTTP at
// first, WebSocket after an upgrade.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "server/domain/connection.h"
#include "server/net/loop.h"
#include "server/net/peer_address.h"
#include "server/net/stream.h"

namespace vedette::net {

class Shard;

/// The meaning of a peer's bytes. Called on the loop's thread; may call the peer back.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual void on_bytes(std::span<const std::uint8_t> bytes) = 0;
  [[nodiscard]] virtual bool wants_input() const = 0;
  /// The peer said in order that it sends no more. True: it is still told something; false: that is its end.
  [[nodiscard]] virtual bool on_input_end() { return false; }
  /// As of wire::Session: what to write next, and that n bytes of it are written.
  [[nodiscard]] virtual std::span<const std::uint8_t> output() = 0;
  virtual void consume(std::size_t n) = 0;
  virtual void on_flushed() = 0;  ///< output() became empty
  virtual void on_deadline() = 0;
  virtual void on_stop(std::uint16_t code, const std::string& reason) = 0;  ///< the server stops: come to an end
  virtual void on_end(const std::string& how) = 0;                          ///< the socket ended; last call
  [[nodiscard]] virtual domain::Connection* connection() { return nullptr; }
};

/// How a connection counts.
enum class Standing : std::uint8_t {
  unproven,      ///< against its address and the whole
  proven,        ///< against the whole only
  over_address,  ///< too many of its address: it is told so and let go
  over_total,    ///< too many in all: likewise
};

class Peer final : public Watcher, public std::enable_shared_from_this<Peer> {
 public:
  Peer(Shard& shard, domain::ConnectionId id, int fd, PeerAddress address, Standing standing);

  /// Begins with HTTP and the first deadline.
  void start();
  void on_ready(std::uint32_t events) override;

  [[nodiscard]] Shard& shard() noexcept { return shard_; }
  [[nodiscard]] domain::ConnectionId id() const noexcept { return id_; }
  [[nodiscard]] const PeerAddress& address() const noexcept { return address_; }
  [[nodiscard]] const Stream& stream() const noexcept { return stream_; }
  [[nodiscard]] Protocol& protocol() noexcept { return *protocol_; }
  [[nodiscard]] units::Steady last_received() const noexcept { return last_received_; }
  [[nodiscard]] Standing standing() const noexcept { return standing_; }

  // What the protocol asks for.
  void become(std::unique_ptr<Protocol> next);  ///< the old one lives until its current call returns
  void prove();                                 ///< it showed who it is: no longer counts against its address
  void pump_soon();                             ///< there is output, or input is wanted again
  void set_deadline(std::optional<units::Milliseconds> delay);
  /// Write what waits, say FIN, drop what still comes for `linger`, end. (Closing with unread bytes would send RST, and
  /// RST makes the peer's kernel throw away our last words.)
  void finish(units::Milliseconds linger);
  void drop();  ///< ends soon, from a fresh stack

 private:
  void pump();
  void read();
  void discard(std::size_t size);
  void flush();
  void update_interest();
  [[nodiscard]] bool may_read() const;
  void end(const std::string& how);

  Shard& shard_;
  domain::ConnectionId id_;
  PeerAddress address_;
  Stream stream_;
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<Protocol> retired_;
  Loop::Key key_ = 0;
  std::uint32_t interest_ = 0;
  std::optional<Loop::TimerId> deadline_;
  std::optional<units::Milliseconds> linger_;  ///< set by finish()
  std::size_t discarded_ = 0;
  units::Steady last_received_;
  bool write_blocked_ = false;     ///< the socket takes no more
  bool read_wants_write_ = false;  ///< TLS has to answer before it can read on
  bool input_ended_ = false;       ///< it sends no more, but still reads
  bool fin_sent_ = false;
  bool pump_due_ = false;
  Standing standing_;
  bool ended_ = false;
};

}  // namespace vedette::net
