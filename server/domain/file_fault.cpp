#include "server/domain/file_fault.h"

#include <cerrno>
#include <system_error>

namespace vedette::domain {

namespace {

std::string advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on this disk";
    case EACCES:
    case EPERM:
      return "give this user the right to it, or name another path";
    case ENOENT:
    case ENOTDIR:
    case EEXIST:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return "is the path right?";
    case EROFS:
      return "make its file system writable, or name another path";
    case EMFILE:
    case ENFILE:
      return "allow more open files";
    default:
      return "the system's log may say why";
  }
}

}  // namespace

std::string file_fault(const std::string& what, int error) {
  return what + ": " + std::generic_category().message(error) + "; " + advice(error);
}

}  // namespace vedette::domain
