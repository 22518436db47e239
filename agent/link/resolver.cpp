#include "agent/link/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

namespace vedette::link {

struct Resolver::Shared {
  std::mutex mutex;
  std::uint64_t question = 0;  ///< the newest; answers to others are dropped
  std::optional<Addresses> answer;
  int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::close(fd); }

  void put(std::uint64_t asked, Addresses addresses) {
    const std::scoped_lock lock(mutex);
    if (asked != question) return;
    answer = std::move(addresses);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
  }
};

namespace {

Addresses looked_up(const CollectorAddress& address, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (error != 0) {
    return units::fail(units::ErrorCode::unavailable,
                       "can't find the address of \"" + address.host + "\": " + ::gai_strerror(error));
  }
  std::vector<SocketAddress> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress& one = found.emplace_back();
    std::memcpy(&one.storage, entry->ai_addr, entry->ai_addrlen);
    one.length = entry->ai_addrlen;
  }
  ::freeaddrinfo(list);
  return found;
}

}  // namespace

Addresses resolve_now(const CollectorAddress& address) {
  return looked_up(address, 0);
}

std::string to_string(const SocketAddress& address) {
  std::array<char, NI_MAXHOST> text{};
  const auto* socket_address = reinterpret_cast<const sockaddr*>(&address.storage);
  const int error = ::getnameinfo(socket_address, address.length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text.data() : "an unknown address";
}

Resolver::Resolver(Lookup lookup) : shared_(std::make_shared<Shared>()), lookup_(std::move(lookup)) {}

Resolver::~Resolver() {
  const std::scoped_lock lock(shared_->mutex);
  ++shared_->question;
}

void Resolver::start(const CollectorAddress& address) {
  std::uint64_t asked = 0;
  {
    const std::scoped_lock lock(shared_->mutex);
    asked = ++shared_->question;
    shared_->answer.reset();
  }
  if (auto numeric = looked_up(address, AI_NUMERICHOST)) {
    shared_->put(asked, std::move(numeric));
    return;
  }
  try {
    std::thread([shared = shared_, lookup = lookup_, address, asked] { shared->put(asked, lookup(address)); }).detach();
  } catch (const std::system_error& error) {
    shared_->put(asked, units::fail(units::ErrorCode::unavailable, "can't look up the address of \"" + address.host +
                                                                       "\": no thread: " + error.what()));
  }
}

int Resolver::fd() const noexcept {
  return shared_->fd;
}

std::optional<Addresses> Resolver::take() {
  std::uint64_t count = 0;
  // Before the lock: an answer that comes in between makes it readable again, for a take() that finds nothing.
  [[maybe_unused]] const ssize_t got = ::read(shared_->fd, &count, sizeof count);
  const std::scoped_lock lock(shared_->mutex);
  return std::exchange(shared_->answer, std::nullopt);
}

}  // namespace vedette::link
