#include "server/app/limit_settings.h"

#include <algorithm>

namespace vedette::app {

using config::Table;

namespace {

template <class Number>
void set_whole(Table& table, std::string_view key, Number& value, std::uint64_t least, std::uint64_t most) {
  if (const auto given = table.whole(key, least, most)) value = static_cast<Number>(*given);
}

template <class Number>
void set_bytes(Table& table, std::string_view key, Number& value, std::uint64_t least, std::uint64_t most) {
  const auto given = table.bytes(key);
  if (!given) return;
  if (*given < least || *given > most) {
    return table.fault(key, "is " + std::to_string(*given) + " bytes; it must be " + std::to_string(least) + " to " +
                                std::to_string(most));
  }
  value = static_cast<Number>(*given);
}

void set_span(Table& table, std::string_view key, units::Milliseconds& value) {
  constexpr units::Milliseconds kLeast{100}, kMost{std::chrono::hours{1}};
  const auto given = table.duration(key);
  if (!given) return;
  if (*given < kLeast || *given > kMost) {
    return table.fault(key, "is \"" + units::format_duration(*given) + "\"; it must be \"" +
                                units::format_duration(kLeast) + "\" to \"" + units::format_duration(kMost) + "\"");
  }
  value = *given;
}

}  // namespace

void read_limits(Table table, Settings& settings) {
  net::Config& net = settings.net;
  Limits& limits = settings.limits;
  set_whole(table, "connections", net.connections, 1, 10'000'000);
  set_whole(table, "unproven_per_address", net.unproven_per_address, 1, 10'000'000);
  set_whole(table, "unproven", net.unproven, 1, 10'000'000);
  set_bytes(table, "head", net.head, 1'024, 1 << 20);
  set_bytes(table, "body", limits.body, 512, 1 << 20);
  set_bytes(table, "agent_message", limits.agent_message, 65'536, 16 << 20);
  set_bytes(table, "viewer_message", limits.live.message, 512, 1 << 20);
  set_whole(table, "fragments", net.fragments, 1, 1 << 20);
  set_whole(table, "topics", limits.live.topics, 1, 100'000);
  set_whole(table, "host_topics", limits.live.host_topics, 1, 100'000);
  set_whole(table, "polls", limits.live.polls, 1, 100'000);
  set_whole(table, "polls_per_login", limits.live.polls_of_login, 1, 100'000);
  set_span(table, "head_deadline", net.head_deadline);
  set_span(table, "body_deadline", net.body_deadline);
  set_span(table, "answer_deadline", net.answer_deadline);
  set_span(table, "write_deadline", net.write_deadline);
  set_span(table, "idle_deadline", net.idle_deadline);
  set_span(table, "close_deadline", net.close_deadline);
  set_whole(table, "agent_messages", limits.agents.messages, 10, 1'000'000);
  set_bytes(table, "agent_bytes", limits.agents.bytes, 65'536, 1 << 30);
  set_whole(table, "agents_per_token", limits.agents_per_token, 1, access::kMostAgentsPerToken);
  set_whole(table, "login_tries", limits.login_tries, 1, 1'000);
  set_whole(table, "enrolment_tries", limits.enrolment_tries, 1, 1'000);
  // A poll that waits is an answer that isn't there yet: it must come before the connection gives up on it.
  limits.live.poll = std::min(limits.live.poll, net.answer_deadline / 2);
  table.finish();
}

}  // namespace vedette::app
