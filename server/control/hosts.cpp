// The part of Store that keeps hosts, their last status and their outages.
#include <algorithm>

#include "schema/units/host_id.h"
#include "schema/units/utf8.h"
#include "server/control/pool.h"
#include "server/control/rows.h"
#include "server/control/store.h"

namespace vedette::control {

using domain::Digest;
using domain::HostNumber;
using domain::HostRecord;
using domain::Outage;
using units::ErrorCode;
using units::Instant;
using units::Result;

namespace {

constexpr std::size_t kLongestHostName = 253;  // RFC 1035, dotted
constexpr Int kTokenKeptAfterEndMs = Int{7} * 24 * 3600 * 1000;

using HostRow = Poco::Tuple<Int, std::string, std::string, std::string, Int, Int>;
constexpr auto kHostColumns = "SELECT number, id, name, tags, enrolled, revoked FROM host ";

Result<HostRecord> record_of(const HostRow& row) {
  auto id = units::parse_host_id(row.get<1>());
  if (!id) return std::unexpected(std::move(id.error()));
  auto tags = decode_tags(row.get<3>());
  if (!tags) return std::unexpected(std::move(tags.error()));
  HostRecord record;
  record.number = HostNumber{static_cast<std::uint32_t>(row.get<0>())};
  record.id = *id;
  record.name = row.get<2>();
  record.tags = std::move(*tags);
  record.enrolled = units::from_unix_ms(row.get<4>());
  record.revoked = row.get<5>() != 0;
  return record;
}

template <class Value>
Result<std::optional<HostRecord>> host_where(Session& session, const char* condition, const Value& value) {
  std::vector<HostRow> rows;
  session << kHostColumns << condition, into(rows), bind(value), now;
  if (rows.empty()) return std::nullopt;
  auto record = record_of(rows.front());
  if (!record) return std::unexpected(std::move(record.error()));
  return std::move(*record);
}

Result<void> check(Session& session, const Digest& token, Instant at) {
  Rows<Int, Int> rows;
  session << "SELECT uses_left, expires FROM enrolment_token WHERE digest = ?", into(rows), bind(hex_of(token)), now;
  const std::string advice = "; make a new one with: vedette-server token create";
  if (rows.empty()) return units::fail(ErrorCode::unauthorized, "This enrolment token is unknown" + advice);
  if (rows.front().get<0>() <= 0) {
    return units::fail(ErrorCode::forbidden, "This enrolment token is used up" + advice);
  }
  const Instant expires = units::from_unix_ms(rows.front().get<1>());
  if (expires > at) return {};
  return units::fail(ErrorCode::unauthorized,
                     "This enrolment token expired at " + units::clock_utc(expires) + " UTC" + advice);
}

Result<void> use_up(Session& session, const Digest& token, Instant at) {
  const Int ms = units::unix_ms(at);
  session << "DELETE FROM enrolment_token WHERE expires < ?", bind(ms - kTokenKeptAfterEndMs), now;
  if (auto fit = check(session, token, at); !fit) return fit;
  session << "UPDATE enrolment_token SET uses_left = uses_left - 1 WHERE digest = ?", bind(hex_of(token)), now;
  return {};
}

std::string unique_name(Session& session, const std::string& hostname) {
  const std::string base = hostname.empty() ? "host" : std::string(units::cut_utf8(hostname, kLongestHostName));
  std::string name = base;
  for (int suffix = 2;; ++suffix) {
    Int taken = 0;
    session << "SELECT count(*) FROM host WHERE name = ?", into(taken), bind(name), now;
    if (taken == 0) return name;
    name = base + "-" + std::to_string(suffix);
  }
}

}  // namespace

Result<std::vector<HostRecord>> Store::hosts() {
  return pool_->read([](Session& session) -> Result<std::vector<HostRecord>> {
    std::vector<HostRow> rows;
    session << kHostColumns << "ORDER BY number", into(rows), now;
    return all_of<HostRecord>(rows, record_of);
  });
}

Result<std::optional<HostRecord>> Store::host(HostNumber number) {
  return pool_->read(
      [&](Session& session) { return host_where(session, "WHERE number = ?", Int{domain::index(number)}); });
}

Result<HostRecord> Store::enrol(const Digest& token, const units::HostId& id, const std::string& hostname,
                                const Digest& key, Instant at) {
  if (!units::is_utf8(hostname)) return units::fail(ErrorCode::invalid, "The host's name isn't UTF-8 text.");
  // Anyone may ask: who has no good token must not take the write lock.
  auto fit = pool_->read([&](Session& session) { return check(session, token, at); });
  if (!fit) return std::unexpected(std::move(fit.error()));
  return pool_->write([&](Session& session) -> Result<HostRecord> {
    if (auto used = use_up(session, token, at); !used) return std::unexpected(std::move(used.error()));
    const std::string name = unique_name(session, hostname);
    session << "INSERT INTO host (id, name, enrolled, key_digest) VALUES (?, ?, ?, ?)", bind(units::to_string(id)),
        bind(name), bind(Int{units::unix_ms(at)}), bind(hex_of(key)), now;
    auto made = host_where(session, "WHERE id = ?", units::to_string(id));
    if (!made) return std::unexpected(std::move(made.error()));
    return std::move(**made);
  });
}

Result<std::optional<HostRecord>> Store::host_by_key(const Digest& key) {
  return pool_->read([&](Session& session) { return host_where(session, "WHERE key_digest = ?", hex_of(key)); });
}

Result<HostRecord> Store::revoke(const std::string& name_or_id) {
  return pool_->write([&](Session& session) -> Result<HostRecord> {
    auto found = host_where(session, "WHERE id = ?", name_or_id);
    if (found && !*found) found = host_where(session, "WHERE name = ?", name_or_id);
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found) {
      return units::fail(ErrorCode::not_found,
                         "No host has the name or id \"" + name_or_id + "\"; vedette-server hosts list shows them");
    }
    HostRecord record = std::move(**found);
    session << "UPDATE host SET revoked = 1 WHERE number = ?", bind(Int{domain::index(record.number)}), now;
    record.revoked = true;
    return record;
  });
}

Result<void> Store::remove(HostNumber host) {
  return pool_->write([&](Session& session) -> Result<void> {
    session << "DELETE FROM host WHERE number = ?", bind(Int{domain::index(host)}), now;  // and what refers to it
    return {};
  });
}

Result<void> Store::save_facts(std::span<const Facts> all) {
  return pool_->write([&](Session& session) -> Result<void> {
    Int host = 0;
    std::string body;
    Poco::Data::Statement insert(session);
    insert << "INSERT INTO host_facts (host, body) SELECT number, ? FROM host WHERE number = ? "
              "ON CONFLICT (host) DO UPDATE SET body = excluded.body",
        use(body), use(host);
    for (const Facts& one : all) {
      host = Int{domain::index(one.host)};
      body = encode_facts(one.facts);
      insert.execute();
    }
    return {};
  });
}

Result<std::optional<domain::HostFacts>> Store::facts(HostNumber host) {
  return pool_->read([&](Session& session) -> Result<std::optional<domain::HostFacts>> {
    std::vector<std::string> rows;
    session << "SELECT body FROM host_facts WHERE host = ?", into(rows), bind(Int{domain::index(host)}), now;
    if (rows.empty()) return std::nullopt;
    auto facts = decode_facts(rows.front());
    if (!facts) return std::unexpected(std::move(facts.error()));
    return std::move(*facts);
  });
}

Result<void> Store::save_statuses(std::span<const LastStatus> all) {
  return pool_->write([&](Session& session) -> Result<void> {
    Int host = 0, since = 0;
    std::string status, reason;
    Poco::Data::Statement insert(session);
    insert << "INSERT INTO host_status (host, status, since, reason) "
              "SELECT number, ?, ?, ? FROM host WHERE number = ? ON CONFLICT (host) "
              "DO UPDATE SET status = excluded.status, since = excluded.since, reason = excluded.reason",
        use(status), use(since), use(reason), use(host);
    for (const LastStatus& one : all) {
      host = Int{domain::index(one.host)};
      status = domain::name(one.status);
      since = units::unix_ms(one.since);
      reason = one.reason;
      insert.execute();
    }
    return {};
  });
}

Result<std::vector<Store::LastStatus>> Store::last_statuses() {
  using Row = Poco::Tuple<Int, std::string, Int, std::string>;
  return pool_->read([](Session& session) -> Result<std::vector<LastStatus>> {
    std::vector<Row> rows;
    session << "SELECT host, status, since, reason FROM host_status ORDER BY host", into(rows), now;
    return all_of<LastStatus>(rows, [](const Row& row) -> Result<LastStatus> {
      auto status = status_of(row.get<1>());
      if (!status) return std::unexpected(std::move(status.error()));
      return LastStatus{HostNumber{static_cast<std::uint32_t>(row.get<0>())}, *status,
                        units::from_unix_ms(row.get<2>()), row.get<3>()};
    });
  });
}

Result<std::vector<std::uint64_t>> Store::save_outages(std::span<const Outage> all) {
  return pool_->write([&](Session& session) -> Result<std::vector<std::uint64_t>> {
    MaybeInt id, ended;
    Int host = 0, began = 0, notified = 0;
    std::string status, reason, correction;
    Poco::Data::Statement insert(session);
    insert << "INSERT INTO outage (id, host, began, ended, status, reason, correction, notified) "
              "SELECT ?, number, ?, ?, ?, ?, ?, ? FROM host WHERE number = ? "
              "ON CONFLICT (id) DO UPDATE SET began = excluded.began, "
              "ended = excluded.ended, status = excluded.status, reason = excluded.reason, "
              "correction = excluded.correction, notified = excluded.notified",
        use(id), use(began), use(ended), use(status), use(reason), use(correction), use(notified), use(host);
    std::vector<std::uint64_t> ids;
    for (const Outage& one : all) {
      id = one.id != 0 ? MaybeInt(static_cast<Int>(one.id)) : MaybeInt();
      host = Int{domain::index(one.host)};
      began = units::unix_ms(one.from);
      ended = one.to ? MaybeInt(units::unix_ms(*one.to)) : MaybeInt();
      status = domain::name(one.status);
      reason = one.reason;
      correction = one.correction;
      notified = one.notified ? 1 : 0;
      insert.execute();
      ids.push_back(one.id != 0 ? one.id : last_row(session));
    }
    return ids;
  });
}

Result<std::vector<Outage>> Store::outages(HostNumber host, Instant from, Instant to) {
  using Row = Poco::Tuple<Int, Int, MaybeInt, std::string, std::string, std::string, Int>;
  return pool_->read([&](Session& session) -> Result<std::vector<Outage>> {
    std::vector<Row> rows;
    session << "SELECT id, began, ended, status, reason, correction, notified FROM outage "
               "WHERE host = ? AND began <= ? AND (ended IS NULL OR ended >= ?) ORDER BY began, id",
        into(rows), bind(Int{domain::index(host)}), bind(Int{units::unix_ms(to)}), bind(Int{units::unix_ms(from)}), now;
    return all_of<Outage>(rows, [host](const Row& row) -> Result<Outage> {
      auto status = status_of(row.get<3>());
      if (!status) return std::unexpected(std::move(status.error()));
      Outage outage;
      outage.id = static_cast<std::uint64_t>(row.get<0>());
      outage.host = host;
      outage.from = units::from_unix_ms(row.get<1>());
      if (!row.get<2>().isNull()) outage.to = units::from_unix_ms(row.get<2>().value());
      outage.status = *status;
      outage.reason = row.get<4>();
      outage.correction = row.get<5>();
      outage.notified = row.get<6>() != 0;
      return outage;
    });
  });
}

Result<void> Store::save_happenings(std::span<const domain::Happening> all) {
  return pool_->write([&](Session& session) -> Result<void> {
    Int host = 0, id = 0, at = 0, count = 0;
    const Int most = kMostHappenings;
    std::string kind, text;
    Poco::Data::Statement insert(session), trim(session);
    insert << "INSERT INTO happening (host, id, at, kind, text, count) "
              "SELECT number, ?, ?, ?, ?, ? FROM host WHERE number = ? ON CONFLICT (host, id) DO NOTHING",
        use(id), use(at), use(kind), use(text), use(count), use(host);
    trim << "DELETE FROM happening WHERE (host, id) IN "
            "(SELECT host, id FROM happening WHERE host = ? ORDER BY at DESC, id LIMIT -1 OFFSET ?)",
        use(host), bind(most);
    for (const domain::Happening& one : all) {
      host = Int{domain::index(one.host)};
      id = static_cast<Int>(one.id);
      at = units::unix_ms(one.at);
      kind = one.kind;
      text = one.text;
      count = static_cast<Int>(std::min<std::uint64_t>(one.count, std::numeric_limits<Int>::max()));
      insert.execute();
      trim.execute();
    }
    return {};
  });
}

Result<std::vector<domain::Happening>> Store::happenings(HostNumber host, Instant from, Instant to) {
  using Row = Poco::Tuple<Int, Int, std::string, std::string, Int>;
  return pool_->read([&](Session& session) -> Result<std::vector<domain::Happening>> {
    std::vector<Row> rows;
    session << "SELECT id, at, kind, text, count FROM happening WHERE host = ? AND at BETWEEN ? AND ? ORDER BY at, id",
        into(rows), bind(Int{domain::index(host)}), bind(Int{units::unix_ms(from)}), bind(Int{units::unix_ms(to)}), now;
    return all_of<domain::Happening>(rows, [host](const Row& row) -> Result<domain::Happening> {
      return domain::Happening{.host = host,
                               .id = static_cast<std::uint64_t>(row.get<0>()),
                               .at = units::from_unix_ms(row.get<1>()),
                               .kind = row.get<2>(),
                               .text = row.get<3>(),
                               .count = static_cast<std::uint64_t>(row.get<4>())};
    });
  });
}

}  // namespace vedette::control
