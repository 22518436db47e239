#include "agent/link/conversation.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "schema/wire/rows.h"

namespace vedette::link {
namespace {

using units::ErrorCode;

constexpr std::size_t kQueueRoom = 128 * 1024;     ///< with more waiting to be written, nothing is added
constexpr std::size_t kAnnounceBytes = 32 * 1024;  ///< of one part, estimated
constexpr std::size_t kEnvelope = 128;             ///< a Backfill's bytes beside its chunk
constexpr std::size_t kCautiousTicks = 60;

void random_bytes(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

/// What a series takes in an Announce, generously.
std::size_t weight(const metrics::Series& series) {
  std::size_t bytes = 48 + series.key.name.size() + series.unit.size();
  for (const metrics::Attribute& attribute : series.key.attributes) {
    bytes += 8 + attribute.key.size() + attribute.value.size();
  }
  return bytes;
}

std::string closed_with(std::uint16_t code) {
  return " (closed with " + std::to_string(code) + ")";
}

}  // namespace

Conversation::Conversation(Backlog& backlog, Host& host, Options options)
    : backlog_(backlog),
      host_(host),
      options_(std::move(options)),
      session_(wire::Role::client, wire::SessionLimits{}, random_bytes) {}

bool Conversation::send(const wire::AgentMessage& message) {
  return session_.send(wire::Opcode::binary, wire::encode(message));
}

void Conversation::start(units::Steady now) {
  hello_at_ = now_ = now;
  wire::Hello hello;
  hello.agent_version = options_.version;
  hello.boot_id = host_.boot_id();
  hello.run_id = host_.run_id();
  hello.stream = options_.stream;
  hello.open = backlog_.open();
  // The rest is told at a later connection.
  if (hello.open.size() > wire::kMaxOpenStreams) hello.open.resize(wire::kMaxOpenStreams);
  plan_.assign(hello.open.begin(), hello.open.end());
  hello.facts = host_.facts();
  hello.tags = options_.tags;
  hello.agent_time = host_.wall_clock();
  backlog_.begin(options_.stream);
  send(hello);
}

units::Result<void> Conversation::receive(std::span<const std::uint8_t> bytes, units::Steady now) {
  now_ = now;
  const auto received = session_.receive(bytes, *this);
  if (fault_) return std::unexpected(*fault_);
  if (received) return received;
  return units::fail(received.error().code, "the collector broke the WebSocket protocol: " + received.error().message +
                                                closed_with(session_.fault().value_or(wire::close::protocol_error)));
}

void Conversation::break_off(units::Error error, std::uint16_t code, std::string_view reason) {
  error.message += closed_with(code);
  fault_ = std::move(error);
  session_.close(code, reason);
}

void Conversation::on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) {
  if (fault_ || session_.close_sent()) return;
  if (opcode != wire::Opcode::binary) {
    return break_off({ErrorCode::invalid, "the collector sent text where the protocol has binary messages"},
                     wire::close::unsupported, "text messages aren't part of vedette.agent.v1");
  }
  const auto message = wire::decode_collector(data);
  if (!message) {
    if (message.error().code == ErrorCode::not_found) return;  // of a newer protocol
    return break_off(message.error(), wire::close::protocol_error, message.error().message);
  }
  std::visit([this](const auto& one) { handle(one); }, *message);
}

void Conversation::on_close(std::uint16_t code, std::string_view reason) {
  if (!farewell_) farewell_ = Farewell{code, std::string(reason), std::nullopt};  // Retry's own words stay
}

void Conversation::handle(const wire::Welcome& welcome) {
  if (welcomed_) return;
  welcomed_ = true;
  welcome_at_ = now_;
  collector_time_ = welcome.collector_time;
  host_id_ = welcome.host_id;
  max_message_ = std::min<std::size_t>(max_message_, welcome.max_message);
  max_cells_ = std::min<std::size_t>(max_cells_, std::max<std::size_t>(welcome.max_cells, 1));
  host_.welcomed(welcome.collector_time, std::chrono::floor<units::Milliseconds>(now_ - hello_at_), now_);
  host_.set_interval(welcome.interval, now_);
  for (const wire::Resume& resume : welcome.resume) {
    const auto entry = std::ranges::find(plan_, resume.stream, &wire::OpenStream::stream);
    if (entry != plan_.end()) entry->first = std::max(entry->first, resume.last + 1);
  }
  // Accepted is not durable yet: what isn't sent again stays in the backlog until its Ack.
  std::erase_if(plan_, [](const wire::OpenStream& open) { return open.first > open.last; });
  next_backfill_ = now_;
}

void Conversation::handle(const wire::Ack& ack) {
  acked_ = true;
  for (const wire::Resume& done : ack.streams) {
    backlog_.release(done.stream, done.last);
    std::erase_if(in_flight_, [&](Range& range) {
      if (range.stream != done.stream) return false;
      range.first = std::max(range.first, done.last + 1);
      return range.first > range.last;
    });
  }
  if (ack.happenings.empty()) return;
  for (const std::uint64_t id : ack.happenings) told_.erase(id);
  host_.reports_acked(ack.happenings);
}

void Conversation::handle(const wire::SetInterval& set) {
  host_.set_interval(set.interval, now_);
}

void Conversation::handle(const wire::Retry& retry) {
  farewell_ = Farewell{wire::close::try_later, retry.reason, retry.after};
  session_.close(wire::close::going_away, "asked to come back later");
}

void Conversation::pump(units::Steady now) {
  now_ = now;
  if (!welcomed_ || session_.close_sent() || session_.close_received()) return;
  announce();
  report_drops();
  send_reports();
  while (session_.queued() < kQueueRoom && send_live()) {
  }
  if (now >= next_backfill_ && may_backfill()) send_backfill(now);
}

std::optional<units::Steady> Conversation::due() const {
  if (!may_backfill()) return std::nullopt;
  return next_backfill_;
}

/// Whether the time alone decides. A time that pump() would not act on must not be told: the loop would not sleep.
bool Conversation::may_backfill() const {
  if (!welcomed_ || plan_.empty() || held()) return false;
  return session_.queued() < kQueueRoom && !session_.close_sent() && !session_.close_received();
}

/// Cautious, and a backfill isn't acked yet.
bool Conversation::held() const {
  const auto older = [&](const Range& range) { return range.stream != options_.stream; };
  return options_.cautious && std::ranges::any_of(in_flight_, older);
}

void Conversation::announce() {
  const auto series = host_.series();
  while (announced_ < series.size()) {
    wire::Announce part;
    std::size_t bytes = 0;
    const std::size_t room = std::min(kAnnounceBytes, max_message_ / 2);
    while (announced_ < series.size() && (part.series.empty() || bytes + weight(series[announced_]) < room)) {
      bytes += weight(series[announced_]);
      part.series.push_back({static_cast<std::uint32_t>(announced_), series[announced_]});
      ++announced_;
    }
    send(part);
  }
}

void Conversation::report_drops() {
  const std::uint64_t dropped = backlog_.dropped();
  if (dropped == options_.drops_reported) return;
  const auto since_welcome = std::chrono::floor<units::Milliseconds>(now_ - welcome_at_);
  wire::Happening happening{
      .at = collector_time_ + since_welcome, .kind = "spool_dropped", .text = {}, .count = dropped};
  happening.text =
      "ticks lost since the agent's start because the offline buffer was full or damaged, or they were too old";
  send(happening);
  options_.drops_reported = dropped;
}

void Conversation::send_reports() {
  for (const auto& [id, message] : host_.reports(told_, kMostReports - told_.size())) {
    told_.insert(id);
    send(message);
  }
}

/// Sends the next ticks of this connection's stream; false if there are none.
bool Conversation::send_live() {
  const auto batch = backlog_.read(options_.stream, next_live_, kBackfillTicks);
  if (!batch || batch->rows.empty()) return false;
  if (batch->rows.size() > kMostLive) {
    const std::size_t count = send_packed(options_.stream, *batch, 0);
    next_live_ = batch->first + count;
    return count > 0;
  }
  for (std::size_t i = 0; i < batch->rows.size(); ++i) {
    const wire::TickNumber number = batch->first + i;
    if (!send(wire::TickMessage{number, encoder_.encode(batch->rows[i], host_.reals())})) return false;
    sent({options_.stream, number, number});
    next_live_ = number + 1;
  }
  return true;
}

void Conversation::send_backfill(units::Steady now) {
  while (!plan_.empty()) {
    wire::OpenStream& next = plan_.front();
    const auto batch = backlog_.read(next.stream, next.first, options_.cautious ? kCautiousTicks : kBackfillTicks);
    if (!batch || batch->rows.empty()) {
      if (plan_.size() == 1) send(wire::Backfill{next.stream, next.first, {}, host_.boot_id(), true});
      plan_.pop_front();
      continue;
    }
    announce();
    next.first = batch->first + send_packed(next.stream, *batch, next.last);
    if (next.first > next.last) plan_.pop_front();
    next_backfill_ = now + kBackfillEvery;
    return;
  }
}

/// Sends as many of the batch's ticks as fit one message; how many. `stream_last`: the last tick of an older stream.
std::size_t Conversation::send_packed(wire::StreamId stream, const Backlog::Batch& batch,
                                      wire::TickNumber stream_last) {
  std::size_t width = 1;
  for (const wire::TickRow& row : batch.rows) width = std::max(width, row.cells.size());
  std::size_t count = std::clamp<std::size_t>(max_cells_ / width, 1, batch.rows.size());
  std::string packed;
  while (true) {
    packed = chunk::encode(wire::table_of(std::span(batch.rows).first(count), host_.reals()));
    if (packed.size() + kEnvelope <= max_message_ || count == 1) break;
    count = (count + 1) / 2;
  }
  const wire::TickNumber last = batch.first + count - 1;
  const bool end = last == stream_last && plan_.size() == 1;
  send(wire::Backfill{stream, batch.first, std::move(packed), batch.boot_id.value_or(host_.boot_id()), end});
  sent({stream, batch.first, last});
  return count;
}

void Conversation::sent(const Range& range) {
  for (Range& known : in_flight_) {
    if (known.stream == range.stream && known.last + 1 == range.first) {
      known.last = range.last;
      return;
    }
  }
  in_flight_.push_back(range);
}

void Conversation::leave(wire::GoodbyeReason reason, units::Steady now) {
  pump(now);
  send(wire::Goodbye{reason});
  const bool host_leaves = reason == wire::GoodbyeReason::host_shutdown || reason == wire::GoodbyeReason::reboot;
  session_.close(host_leaves ? wire::close::going_away : wire::close::done, "goodbye");
}

}  // namespace vedette::link
