#include "server/access/passwords.h"

#include <argon2.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "schema/units/utf8.h"

namespace vedette::access {
namespace {

constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKib = 19'456;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kFewestCharacters = 10;
constexpr std::size_t kMostBytes = 1024;
constexpr std::size_t kWaiting = 32;
constexpr int kThreads = 2;

}  // namespace

units::Result<void> check_password(const std::string& password) {
  if (!units::is_utf8(password)) return units::fail(units::ErrorCode::invalid, "The password isn't UTF-8 text.");
  const auto characters =
      std::ranges::count_if(password, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  if (characters < static_cast<std::ptrdiff_t>(kFewestCharacters)) {
    return units::fail(units::ErrorCode::invalid,
                       "The password has " + std::to_string(characters) + " characters; at least 10 are needed.");
  }
  if (password.size() > kMostBytes) {
    return units::fail(units::ErrorCode::invalid, "The password is longer than 1024 bytes.");
  }
  return {};
}

std::string hash_password(const std::string& password) {
  std::array<std::uint8_t, kSaltBytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) std::abort();
  std::string phc(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(),
                                         salt.size(), kHashBytes, phc.data(), phc.size());
  if (code != ARGON2_OK) std::abort();  // only out of memory is left: the parameters are constants
  phc.resize(phc.find('\0'));
  return phc;
}

bool password_fits(const std::string& phc, const std::string& password) {
  return argon2id_verify(phc.c_str(), password.data(), password.size()) == ARGON2_OK;
}

PasswordBench::PasswordBench() : queue_(kWaiting, domain::Overflow::reject) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
}

PasswordBench::~PasswordBench() {
  stop();
}

bool PasswordBench::verify(std::string phc, std::string password, std::function<void(bool)> answer) {
  return queue_.push({std::move(phc), std::move(password), std::move(answer)});
}

void PasswordBench::stop() {
  queue_.close();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void PasswordBench::run() {
  while (auto job = queue_.pop()) job->answer(password_fits(job->phc, job->password));
}

}  // namespace vedette::access
