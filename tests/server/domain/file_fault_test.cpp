#include "server/domain/file_fault.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace vedette::domain {
namespace {

TEST(FileFault, SaysWhatHappenedWhyAndWhatToDo) {
  EXPECT_EQ(file_fault("cannot be written", ENOSPC),
            "cannot be written: No space left on device; free some space on this disk");
  EXPECT_EQ(file_fault("cannot be read", EACCES),
            "cannot be read: Permission denied; give this user the right to it, or name another path");
  EXPECT_EQ(file_fault("cannot be read", ENOENT), "cannot be read: No such file or directory; is the path right?");
  EXPECT_EQ(file_fault("cannot be read", EIO), "cannot be read: Input/output error; the system's log may say why");
}

}  // namespace
}  // namespace vedette::domain
