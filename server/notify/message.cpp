#include "server/notify/message.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "schema/units/utf8.h"
#include "server/notify/mime.h"

namespace vedette::notify {

using domain::Delivery;
using domain::Notice;
using domain::Transition;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMaxSubject = 250;
constexpr std::size_t kBase64Line = 57;  // bytes that fill a line of 76

std::string_view state(const Notice& notice) {
  return notice.transition == Transition::fired ? "firing" : "resolved";
}

/// "web-07"; "db-1, db-2, web-07"
std::string names(const Notice& notice) {
  if (notice.hosts.empty()) return notice.host_name;
  std::string out;
  for (const auto& host : notice.hosts) out += (out.empty() ? "" : ", ") + host.name;
  return out;
}

std::string utc(units::Instant at) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return std::string(text.data()) + " " + units::clock_utc(at) + " UTC";
}

std::string number(double value) {
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6).ptr;
  return {text.data(), end};
}

/// What people read, line by line. Every time says that it is UTC: readers and hosts live in other zones.
std::vector<std::string> lines(const Notice& notice, const std::string& public_url) {
  const domain::Alert& alert = notice.alert;
  std::vector<std::string> out;
  const auto line = [&](const std::string& words) { out.push_back(one_line(words)); };
  line(notice.hosts.empty() ? notice.host_name + " " + alert.reason : alert.reason);
  line("");
  line("State: " + std::string(state(notice)));
  line("Rule: " + alert.rule + " (" + std::string(domain::name(alert.severity)) + ")");
  line((notice.hosts.empty() ? "Host: " : "Hosts: ") + names(notice));
  for (const auto& [key, value] : alert.attributes) line(std::string(key).append(": ").append(value));
  line("Since: " + utc(alert.since));
  if (notice.transition == Transition::resolved) {
    line("Until: " + utc(notice.at) + " (" + units::spoken_duration(notice.at - alert.since) + ")");
  }
  if (alert.value) line("Value: " + number(*alert.value));
  const std::string url = link(notice, public_url);
  if (url.empty()) return out;
  line("");
  line(url);
  return out;
}

std::string mail_body(const Notice& notice, const std::string& public_url) {
  std::string out;
  for (const std::string& line : lines(notice, public_url)) out += line.empty() ? "\r\n" : wrapped(line);
  return out;
}

std::string plain_text(const Notice& notice, const std::string& public_url) {
  std::string out;
  for (const std::string& line : lines(notice, public_url)) out += line + "\n";
  return out;
}

std::string base64_lines(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kBase64Line) {
    out += base64(bytes.substr(at, kBase64Line)) + "\r\n";
  }
  return out;
}

Json seconds(units::Instant at) {
  return static_cast<double>(units::unix_ms(at)) / 1000;
}

}  // namespace

std::string subject(const Notice& notice) {
  const std::string& reason = notice.alert.reason;
  const std::string words =
      notice.hosts.empty() ? notice.host_name + " " + reason : reason + " (" + names(notice) + ")";
  std::string out = one_line("[" + std::string(state(notice)) + "] " + words);
  if (out.size() > kMaxSubject) out = std::string(units::cut_utf8(out, kMaxSubject - 3)) + "...";
  return out;
}

std::string link(const Notice& notice, const std::string& public_url) {
  if (public_url.empty() || notice.host_id.empty()) return "";
  const std::string root = public_url.ends_with('/') ? public_url : public_url + "/";
  return root + (notice.hosts.empty() ? "hosts/" + one_line(notice.host_id) : "alerts");
}

std::string mail(const Delivery& delivery, const Email& email, const std::string& public_url, units::Instant now) {
  std::string to;
  for (const std::string& one : email.to) to += (to.empty() ? "" : ", ") + one;
  const std::string body = mail_body(delivery.notice, public_url);
  const bool ascii = is_ascii(body);
  std::string out = header("From", "Vedette <" + email.from + ">");
  out += header("To", to);
  out += header("Subject", subject(delivery.notice));
  out += header("Date", mail_date(now));
  out += header("Message-ID", delivery.message_id);
  out += header("Auto-Submitted", "auto-generated");
  out += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  out += std::string("Content-Transfer-Encoding: ") + (ascii ? "7bit" : "base64") + "\r\n\r\n";
  return out + (ascii ? body : base64_lines(body));
}

std::string json(const Delivery& delivery, const std::string& public_url) {
  const Notice& notice = delivery.notice;
  const domain::Alert& alert = notice.alert;
  Json attributes = Json::object();
  for (const auto& [key, value] : alert.attributes) attributes[key] = value;
  Json hosts = Json::array();
  for (const auto& host : notice.hosts) hosts.push_back({{"id", host.id}, {"name", host.name}});
  if (hosts.empty()) hosts.push_back({{"id", notice.host_id}, {"name", notice.host_name}});
  const std::string url = link(notice, public_url);
  const Json body = {{"version", 1},
                     {"message_id", delivery.message_id},
                     {"incident", notice.incident},
                     {"state", state(notice)},
                     {"rule", alert.rule},
                     {"severity", domain::name(alert.severity)},
                     {"host", {{"id", notice.host_id}, {"name", notice.host_name}}},
                     {"hosts", std::move(hosts)},
                     {"attributes", attributes},
                     {"since", seconds(alert.since)},
                     {"at", seconds(notice.at)},
                     {"value", alert.value ? Json(*alert.value) : Json()},
                     {"unit", alert.unit},
                     {"reason", alert.reason},
                     {"subject", subject(notice)},
                     {"text", plain_text(notice, public_url)},
                     {"link", url.empty() ? Json() : Json(url)}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace vedette::notify
