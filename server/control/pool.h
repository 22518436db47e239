// Poco::Data sessions on control.db, and the one place where its exceptions become Results. Inside server/control only.
#pragma once

#include <Poco/Data/Session.h>
#include <Poco/Data/SessionPool.h>
#include <Poco/Data/Statement.h>
#include <Poco/Exception.h>
#include <Poco/Tuple.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "schema/units/result.h"

namespace vedette::control {

using Poco::Data::Keywords::bind;
using Poco::Data::Keywords::into;
using Poco::Data::Keywords::now;
using Poco::Data::Keywords::use;
using Session = Poco::Data::Session;
using Int = Poco::Int64;
using MaybeInt = Poco::Nullable<Int>;
using MaybeReal = Poco::Nullable<double>;
template <class... Columns>
using Rows = std::vector<Poco::Tuple<Columns...>>;

/// Every row as a value, or the first error.
template <class Value, class Row, class Convert>
units::Result<std::vector<Value>> all_of(const std::vector<Row>& rows, Convert convert) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const Row& row : rows) {
    auto value = convert(row);
    if (!value) return std::unexpected(std::move(value.error()));
    values.push_back(std::move(*value));
  }
  return values;
}

/// The id of the row that was inserted last.
[[nodiscard]] std::uint64_t last_row(Session& session);

/// Any thread.
class Pool {
 public:
  explicit Pool(const std::filesystem::path& file);
  ~Pool();

  /// Runs `work(session)` -> Result<T>; reads see one moment only within one statement.
  template <class Work>
  auto read(Work work) -> std::invoke_result_t<Work, Session&> {
    return guarded([&] {
      Session session = pool_->get();
      return work(session);
    });
  }

  /// As read(), inside BEGIN IMMEDIATE … COMMIT; an error or an exception rolls back.
  template <class Work>
  auto write(Work work) -> std::invoke_result_t<Work, Session&> {
    return guarded([&] {
      Session session = pool_->get();
      // By hand: Poco's begin() is deferred, and a deferred reader that turns writer can fail without waiting.
      session << "BEGIN IMMEDIATE", now;
      Undo undo{session};
      auto result = work(session);
      if (result) {
        session << "COMMIT", now;
        undo.armed = false;
      }
      return result;
    });
  }

 private:
  struct Undo {
    Session& session;
    bool armed = true;
    ~Undo();
  };
  template <class Call>
  auto guarded(Call call) -> std::invoke_result_t<Call> {
    try {
      return call();
    } catch (const Poco::Exception& fault) {
      return std::unexpected(error_of(fault));
    }
  }
  [[nodiscard]] units::Error error_of(const Poco::Exception& fault) const;

  std::string file_;
  std::unique_ptr<Poco::Data::SessionPool> pool_;
};

/// Rows that the last INSERT, UPDATE or DELETE of this session touched.
[[nodiscard]] inline Int changes(Session& session) {
  Int count = 0;
  session << "SELECT changes()", into(count), now;
  return count;
}

}  // namespace vedette::control
