// Copies and checks of whole databases, beside whoever else has them open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/sqlite/database.h"

namespace vedette::sqlite {

/// How many bytes were copied, of how many.
using Copied = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Copies `from` as of one moment, page by page, to a file that isn't there yet (0600); durable when it returns.
/// Writers of `from` don't wait, but its write-ahead log can't be cut off meanwhile.
/// The copy has no log beside it and is to be read with OpenOptions::immutable until it is put into use.
/// `copied` is called every few megabytes.
[[nodiscard]] units::Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                                                const Copied& copied = {});

enum class Depth : std::uint8_t {
  quick,  ///< every page, without comparing indices with their tables
  full
};
/// What SQLite finds wrong with the file, a line each, at most a hundred; none if it is whole. An error is one that
/// kept it from looking.
[[nodiscard]] units::Result<std::vector<std::string>> faults_of(Database& database, Depth depth);

/// "schema 9 was written by a newer version …", or nothing if `newest` is the file's version or above.
[[nodiscard]] units::Result<std::string> newer_schema(Database& database, std::int64_t newest);

}  // namespace vedette::sqlite
