// Keys and certificates in PEM files: the reading and writing half of x509.h.
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "server/access/x509.h"
#include "server/domain/file_fault.h"

namespace vedette::access {

using units::ErrorCode;
using units::Result;

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::unexpected<units::Error> failed(const std::filesystem::path& file, const std::string& what) {
  return units::fail(ErrorCode::io, file.string() + ": " + domain::file_fault(what, errno));
}

Result<File> open_for_reading(const std::filesystem::path& file) {
  File opened(std::fopen(file.c_str(), "re"));
  if (!opened) return failed(file, "cannot be read");
  return opened;
}

/// An encrypted key must not make us ask on a terminal that nobody watches.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

template <class Write>
Result<void> replace(const std::filesystem::path& file, mode_t mode, Write write) {
  const std::string beside = file.string() + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed(beside, "cannot be written");
  File out(::fdopen(fd, "w"));
  const bool written =
      out && ::fchmod(fd, mode) == 0 && write(out.get()) && std::fflush(out.get()) == 0 && ::fsync(fd) == 0;
  if (!written || ::rename(beside.c_str(), file.c_str()) != 0) {
    auto error = failed(file, "cannot be written");
    ::unlink(beside.c_str());
    return error;
  }
  return {};
}

}  // namespace

Result<Key> read_key(const std::filesystem::path& file) {
  auto in = open_for_reading(file);
  if (!in) return std::unexpected(std::move(in.error()));
  Key key(PEM_read_PrivateKey(in->get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) {
    return units::fail(ErrorCode::invalid,
                       file.string() + ": holds no private key in PEM form without a passphrase; put one there");
  }
  return key;
}

Result<std::vector<Certificate>> read_chain(const std::filesystem::path& file) {
  auto in = open_for_reading(file);
  if (!in) return std::unexpected(std::move(in.error()));
  std::vector<Certificate> chain;
  while (X509* one = PEM_read_X509(in->get(), nullptr, no_passphrase, nullptr)) chain.emplace_back(one);
  ERR_clear_error();
  if (chain.empty())
    return units::fail(ErrorCode::invalid, file.string() + ": holds no certificate in PEM form; put one there");
  return chain;
}

Result<void> write_key(const std::filesystem::path& file, EVP_PKEY* key) {
  return replace(file, 0600, [key](std::FILE* out) {
    return PEM_write_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
}

Result<void> write_chain(const std::filesystem::path& file, const std::vector<X509*>& chain) {
  return replace(file, 0644, [&chain](std::FILE* out) {
    for (X509* certificate : chain) {
      if (PEM_write_X509(out, certificate) != 1) return false;
    }
    return true;
  });
}

}  // namespace vedette::access
