// A TOML file read strictly: every key is asked for by name, and what nobody asked for is an error. Errors name file,
// line and key, and what is allowed: "server.toml:3: server.listne is not known here; allowed: data, listen, …".
//
// Only server/app uses it; the structs that it fills live with the modules they configure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::config {

/// Above it, sums with instants could overflow, and nobody means it.
inline constexpr std::chrono::days kLongestDuration{3650};

/// All faults of a file, in the order found; reading goes on after one so that a person sees them all at once.
class Faults {
 public:
  void add(std::string words) { words_.push_back(std::move(words)); }
  [[nodiscard]] bool none() const { return words_.empty(); }
  [[nodiscard]] const std::vector<std::string>& all() const { return words_; }
  [[nodiscard]] std::string joined() const;  ///< one a line

 private:
  std::vector<std::string> words_;
};

/// A table of the file, `[server]` or one `[[receiver]]`. Absent tables read as empty. Every getter notes the key as
/// known; a value of the wrong type or out of bounds is noted as a fault and reads as absent.
class Table {
 public:
  struct Impl;
  explicit Table(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  [[nodiscard]] std::optional<double> number(std::string_view key);  ///< finite
  /// A whole number from `least` to `most`.
  [[nodiscard]] std::optional<std::uint64_t> whole(std::string_view key, std::uint64_t least, std::uint64_t most);
  [[nodiscard]] std::optional<bool> flag(std::string_view key);
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key);
  /// "60s", "15m"; at most kLongestDuration.
  [[nodiscard]] std::optional<units::Milliseconds> duration(std::string_view key);
  /// "10GB", "500MB", "2TB" (powers of ten), or a whole number of bytes.
  [[nodiscard]] std::optional<std::uint64_t> bytes(std::string_view key);
  /// One of `allowed`; the fault lists them.
  [[nodiscard]] std::optional<std::string> choice(std::string_view key, const std::vector<std::string>& allowed);

  [[nodiscard]] bool has(std::string_view key) const;
  /// "server.toml:3: server.listen", for faults that are found later.
  [[nodiscard]] std::string place(std::string_view key) const;
  /// Says of a key what is wrong, with its place: fault("listen", "must be HOST:PORT").
  void fault(std::string_view key, const std::string& words);
  /// No fault was found in this table yet: what was read of it can be judged as a whole.
  [[nodiscard]] bool sound() const;
  /// Says that a key has to be there.
  void require(std::string_view key, const std::string& example);
  /// Every key that wasn't asked for becomes a fault. Call last.
  void finish();

 private:
  std::shared_ptr<Impl> impl_;
};

class File {
 public:
  /// Reads and parses. `io` if it can't be read or isn't a regular file, `invalid` with line and column if it isn't
  /// TOML.
  [[nodiscard]] static units::Result<File> read(const std::string& path);
  /// As read(), from text; `name` stands for the path in messages.
  [[nodiscard]] static units::Result<File> parse(std::string_view text, const std::string& name);
  /// A file without anything in it.
  [[nodiscard]] static File empty();

  [[nodiscard]] Table table(std::string_view name);                ///< `[name]`
  [[nodiscard]] std::vector<Table> tables(std::string_view name);  ///< every `[[name]]`
  /// Notes unknown top-level names; then all faults found so far.
  [[nodiscard]] const Faults& finish();

 private:
  struct Impl;
  explicit File(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace vedette::config
