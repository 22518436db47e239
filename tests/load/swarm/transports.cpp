// The three transports of the live protocol, as a client sees them.
#include <openssl/rand.h>

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "agent/link/http.h"
#include "schema/wire/session.h"
#include "tests/load/swarm/viewer.h"

namespace vedette::swarm {
namespace {

using units::ErrorCode;
using units::fail;
using Setting = Transport::Setting;

void random_bytes(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

std::string head_of(const Setting& setting, const std::string& target, const std::string& more) {
  return "GET " + target + " HTTP/1.1\r\nHost: " + setting.authority + "\r\nOrigin: https://" + setting.authority +
         "\r\nCookie: " + setting.cookie + "\r\n" + more + "\r\n";
}

std::string topics_of(const Setting& setting) {
  std::string list;
  for (const std::string& topic : setting.topics) list += (list.empty() ? "" : ",") + topic;
  return list;
}

/// Collects the response's head; what follows it is left in `text`.
class Head {
 public:
  /// The head once it is complete, and from then on.
  [[nodiscard]] units::Result<const link::ResponseHead*> take(std::string& text) {
    if (head_) return &*head_;
    auto head = link::parse_response(text);
    if (!head) return std::unexpected(head.error());
    if (!*head) return nullptr;
    head_ = std::move(**head);
    text.erase(0, head_->size);
    return &*head_;
  }
  void reset() { head_.reset(); }

 private:
  std::optional<link::ResponseHead> head_;
};

std::unexpected<units::Error> refused(const link::ResponseHead& head) {
  return fail(ErrorCode::unavailable, "refused with " + std::to_string(head.status));
}

class WebSocket final : public Transport, private wire::SessionEvents {
 public:
  WebSocket(Setting setting, LiveReader& reader)
      : setting_(std::move(setting)),
        reader_(reader),
        session_(wire::Role::client, {.message = 4 << 20, .fragments = 1'024}, random_bytes) {}

  void open(std::string& out) override {
    out += head_of(setting_, "/api/v1/live",
                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: vedette.live.v1\r\n");
  }

  units::Result<void> receive(std::span<const std::uint8_t> bytes, std::string& out, LiveSink& sink) override {
    sink_ = &sink;
    if (!upgraded_) {
      text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      const auto head = head_.take(text_);
      if (!head) return std::unexpected(head.error());
      if (*head == nullptr) return {};
      if ((*head)->status != 101) return refused(**head);
      upgraded_ = true;
      subscribe();
      bytes = {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()};
    }
    const auto received = session_.receive(bytes, *this);
    while (!session_.output().empty()) {
      const auto part = session_.output();
      out.append(reinterpret_cast<const char*>(part.data()), part.size());
      session_.consume(part.size());
    }
    if (closed_.empty()) return received;
    return fail(ErrorCode::unavailable, "closed " + closed_);
  }

 private:
  void subscribe() {
    if (setting_.topics.empty()) return;
    nlohmann::json request{{"op", "subscribe"}, {"topics", setting_.topics}};
    if (!setting_.cursor.empty()) request["cursor"] = setting_.cursor;
    session_.send(wire::Opcode::text, request.dump());
  }
  void on_message(wire::Opcode, std::span<const std::uint8_t> data) override {
    sink_->on_event(reader_.read(std::string_view(reinterpret_cast<const char*>(data.data()), data.size())));
  }
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t code, std::string_view reason) override {
    closed_ = std::to_string(code) + " " + std::string(reason);
  }

  Setting setting_;
  LiveReader& reader_;
  wire::Session session_;
  LiveSink* sink_ = nullptr;
  bool upgraded_ = false;
  std::string text_, closed_;
  Head head_;
};

/// The payload of a chunked body (RFC 9112 7.1) as it comes. Trailers are dropped.
class Chunks {
 public:
  /// Moves what is complete from `text` to `out`. False at a fault.
  bool take(std::string& text, std::string& out) {
    for (;;) {
      const std::size_t part = std::min(left_, text.size());
      out.append(text, 0, part);
      text.erase(0, part);
      left_ -= part;
      if (left_ > 0) return true;
      if (inside_ && text.size() < 2) return true;
      const std::size_t from = inside_ ? 2 : 0;  // the CRLF behind a chunk
      const std::size_t end = text.find("\r\n", from);
      if (end == std::string::npos) return text.size() < 64;
      const auto [rest, error] = std::from_chars(text.data() + from, text.data() + end, left_, 16);
      if (error != std::errc{}) return false;
      text.erase(0, end + 2);
      inside_ = true;
      if (left_ == 0) return true;
    }
  }

 private:
  std::size_t left_ = 0;
  bool inside_ = false;
};

/// Server-Sent Events (WHATWG HTML, "Server-sent events"): one live message is one event's data.
class EventStream final : public Transport {
 public:
  EventStream(Setting setting, LiveReader& reader) : setting_(std::move(setting)), reader_(reader) {}

  void open(std::string& out) override {
    std::string more = "Accept: text/event-stream\r\n";
    if (!setting_.cursor.empty()) more += "Last-Event-ID: " + setting_.cursor + "\r\n";
    out += head_of(setting_, "/api/v1/live/events?topics=" + topics_of(setting_), more);
  }

  units::Result<void> receive(std::span<const std::uint8_t> bytes, std::string&, LiveSink& sink) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto head = head_.take(text_);
    if (!head) return std::unexpected(head.error());
    if (*head == nullptr) return {};
    if ((*head)->status != 200) return refused(**head);
    if ((*head)->field("transfer-encoding").empty()) {
      lines_ += std::exchange(text_, {});
    } else if (!chunks_.take(text_, lines_)) {
      return fail(ErrorCode::invalid, "a chunk of the event stream can't be read");
    }
    std::size_t from = 0;
    for (std::size_t end = 0; (end = lines_.find('\n', from)) != std::string::npos; from = end + 1) {
      take_line(std::string_view(lines_).substr(from, end - from), sink);
    }
    lines_.erase(0, from);
    return {};
  }

 private:
  void take_line(std::string_view line, LiveSink& sink) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (!data_.empty()) sink.on_event(reader_.read(data_));
      data_.clear();
      return;
    }
    if (!line.starts_with("data:")) return;  // the cursor is in the message too; comments are heartbeats
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    if (!data_.empty()) data_ += '\n';
    data_ += line;
  }

  Setting setting_;
  LiveReader& reader_;
  Head head_;
  Chunks chunks_;
  std::string text_, lines_, data_;
};

/// Long poll: one answer, one more question with its cursor, on the same connection.
class LongPoll final : public Transport {
 public:
  LongPoll(Setting setting, LiveReader& reader) : setting_(std::move(setting)), reader_(reader) {}

  void open(std::string& out) override { out += question(); }

  units::Result<void> receive(std::span<const std::uint8_t> bytes, std::string& out, LiveSink& sink) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto head = head_.take(text_);
    if (!head) return std::unexpected(head.error());
    if (*head == nullptr) return {};
    if ((*head)->status != 200) return refused(**head);
    const auto body = link::parse_body(**head, text_, false);
    if (!body) return std::unexpected(body.error());
    if (!*body) return {};
    const auto answer = nlohmann::json::parse(**body, nullptr, false);
    if (!answer.is_object() || !answer.contains("events")) return fail(ErrorCode::invalid, "a poll's answer isn't one");
    for (const auto& event : answer["events"]) sink.on_event(reader_.read_message(event));
    setting_.cursor = answer.value("cursor", setting_.cursor);
    text_.clear();  // one question at a time: nothing follows an answer
    head_.reset();
    out += question();
    return {};
  }

 private:
  [[nodiscard]] std::string question() const {
    std::string target = "/api/v1/live/poll?topics=" + topics_of(setting_);
    if (!setting_.cursor.empty()) target += "&cursor=" + setting_.cursor;
    return head_of(setting_, target, "");
  }

  Setting setting_;
  LiveReader& reader_;
  Head head_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(TransportKind kind, Setting setting, LiveReader& reader) {
  switch (kind) {
    case TransportKind::sse:
      return std::make_unique<EventStream>(std::move(setting), reader);
    case TransportKind::poll:
      return std::make_unique<LongPoll>(std::move(setting), reader);
    case TransportKind::websocket:
      break;
  }
  return std::make_unique<WebSocket>(std::move(setting), reader);
}

}  // namespace vedette::swarm
