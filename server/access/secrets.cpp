#include "server/access/secrets.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <span>

namespace vedette::access {
namespace {

void fill_random(std::span<std::uint8_t> bytes) {
  // Without randomness no secret is one: there is nothing sensible to go on with.
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
}

std::string base64url(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 6; bits -= 6) out += kLetters[(held >> (bits - 6)) & 63];
  }
  if (bits > 0) out += kLetters[(held << (6 - bits)) & 63];
  return out;
}

}  // namespace

std::string random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  fill_random(bytes);
  return base64url(bytes);
}

units::HostId random_host_id() {
  units::HostId id;
  fill_random(id.bytes);
  return id;
}

domain::Digest sha256(std::string_view bytes) {
  domain::Digest digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
         reinterpret_cast<std::uint8_t*>(digest.data()));
  return digest;
}

}  // namespace vedette::access
