#include "agent/config/identity_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_directory.h"

namespace vedette::config {
namespace {

const Identity kIdentity{"https://c:8443", "sha256:00", "0123", "secret", "web \"7\""};

units::Result<void> stored(const std::string& state, const Identity& identity = kIdentity) {
  auto writer = IdentityWriter::prepare(state);
  if (!writer) return std::unexpected(writer.error());
  return writer->store(identity);
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST(IdentityWriter, StoresForTheOwnerOnlyWhatIsReadBack) {
  const tests::TemporaryDirectory folder;
  const std::string state = folder / "state";
  Identity before = kIdentity;
  before.key = std::string(1024, 'k');
  ASSERT_TRUE(stored(state, before).has_value());
  ASSERT_TRUE(stored(state).has_value());  // replaces
  EXPECT_EQ(mode_of(state), 0700U);
  EXPECT_EQ(mode_of(state + "/agent.toml"), 0600U);
  EXPECT_FALSE(std::filesystem::exists(state + "/agent.toml.new"));
  const Identity read = load_identity(state).value();
  EXPECT_EQ(read.url, kIdentity.url);
  EXPECT_EQ(read.pin, kIdentity.pin);
  EXPECT_EQ(read.key, kIdentity.key);
  EXPECT_EQ(read.hostname, kIdentity.hostname);
}

TEST(IdentityWriter, ADirectoryThatExistsStaysAsItIs) {
  const tests::TemporaryDirectory folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  ASSERT_TRUE(stored(folder.path()).has_value());
  EXPECT_EQ(mode_of(folder.path()), 0755U);
  EXPECT_EQ(mode_of(folder / "agent.toml"), 0600U);
}

TEST(IdentityWriter, ADirectoryThatOthersMayWriteToIsRefusedAndLeftAlone) {
  const tests::TemporaryDirectory folder;
  for (const unsigned mode : {01777U, 0777U, 0770U, 0702U}) {
    ASSERT_EQ(::chmod(folder.path().c_str(), mode), 0);
    const auto refused = stored(folder.path());
    ASSERT_FALSE(refused.has_value()) << mode;
    EXPECT_EQ(refused.error().code, units::ErrorCode::forbidden);
    EXPECT_NE(refused.error().message.find("give --state a directory of the agent's own"), std::string::npos);
    EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
    EXPECT_EQ(mode_of(folder.path()), mode);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
}

TEST(IdentityWriter, WhatIsNotStoredLeavesNothingBehind) {
  const tests::TemporaryDirectory folder;
  const std::string fresh = folder / "fresh", known = folder / "known";
  {
    const auto writer = IdentityWriter::prepare(fresh);
    ASSERT_TRUE(writer.has_value());
    EXPECT_TRUE(std::filesystem::exists(fresh + "/agent.toml.new"));
  }
  EXPECT_FALSE(std::filesystem::exists(fresh));
  ASSERT_TRUE(stored(known).has_value());
  {
    ASSERT_TRUE(IdentityWriter::prepare(known).has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(known + "/agent.toml.new"));
  EXPECT_EQ(load_identity(known).value().key, kIdentity.key);
}

TEST(IdentityWriter, SaysBeforehandWhereNothingCanBeStored) {
  const tests::TemporaryDirectory folder;
  std::ofstream(folder / "file") << "x";
  for (const std::string& state :
       {std::string("/proc/self"), (folder / "file").string(), (folder / "no/parent").string()}) {
    const auto writer = IdentityWriter::prepare(state);
    ASSERT_FALSE(writer.has_value()) << state;
    EXPECT_EQ(writer.error().code, units::ErrorCode::io);
    EXPECT_NE(writer.error().message.find(state), std::string::npos) << writer.error().message;
  }
}

TEST(IdentityWriter, TwoAtOnceDoNotMixTheirKeys) {
  const tests::TemporaryDirectory folder;
  auto first = IdentityWriter::prepare(folder / "state");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(stored(folder / "state").error().code, units::ErrorCode::conflict);
  ASSERT_TRUE(first->store(kIdentity).has_value());
  EXPECT_EQ(load_identity(folder / "state").value().key, kIdentity.key);
}

}  // namespace
}  // namespace vedette::config
