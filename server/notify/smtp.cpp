#include "server/notify/smtp.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>

#include "schema/units/utf8.h"
#include "server/notify/mime.h"
#include "server/notify/peer.h"

namespace vedette::notify {

using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kMaxLines = 100;
constexpr std::size_t kMaxAnswer = 500;

struct Reply {
  int code = 0;
  std::string text;                ///< "250 2.0.0 OK"; more lines joined by spaces
  std::vector<std::string> lines;  ///< without the code, upper case
};

/// One dialogue: commands and replies in turn.
class Dialogue {
 public:
  Dialogue(Peer peer, const Email& email, const Target& target)
      : peer_(std::move(peer)), email_(email), target_(target) {}

  Result<Outcome> deliver(const std::string& mail) {
    if (auto ok = open(); !ok) return std::unexpected(ok.error());
    if (auto ok = log_in(); !ok) return std::unexpected(ok.error());
    if (auto ok = expect("MAIL FROM:<" + email_.from + ">", 250); !ok) return std::unexpected(ok.error());
    auto outcome = recipients();
    if (!outcome) return outcome;
    if (!outcome->taken.empty()) {
      if (auto ok = expect("DATA", 354); !ok) return std::unexpected(ok.error());
      if (auto ok = peer_.write(dot_stuffed(mail)); !ok) return std::unexpected(ok.error());
      auto answer = reply("the mail", 250);
      if (!answer) return std::unexpected(answer.error());
      outcome->answer = std::move(answer->text);
    }
    // What they took is theirs already, whatever comes now.
    [[maybe_unused]] const auto said = peer_.write("QUIT\r\n");
    return outcome;
  }

 private:
  Result<void> open() {
    if (target_.tls) {
      if (auto ok = peer_.secure(email_.ca_file); !ok) return ok;
    }
    if (auto ok = reply("the connection", 220); !ok) return std::unexpected(away(ok.error()));
    if (auto ok = hello(); !ok) return ok;
    if (target_.tls || email_.starttls == StartTls::off) return {};
    if (!offers("STARTTLS")) return refuse("it doesn't offer STARTTLS, which starttls = \"required\" asks for");
    if (auto ok = expect("STARTTLS", 220); !ok) return std::unexpected(away(ok.error()));
    // Whoever sits between could send these to be taken for answers that came through TLS.
    if (peer_.holds_unread()) return refuse("it sent more behind its answer to STARTTLS");
    if (auto ok = peer_.secure(email_.ca_file); !ok) return ok;
    return hello();
  }

  Result<void> hello() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') name = {"localhost"};
    auto answer = expect("EHLO " + one_line(name.data()), 250);
    if (!answer) return std::unexpected(away(answer.error()));
    offered_ = std::move(answer->lines);
    return {};
  }

  Result<void> log_in() {
    if (email_.user.empty()) return {};
    auto password = read_password();
    if (!password) return std::unexpected(password.error());
    Result<Reply> answer;
    if (offers("AUTH", "PLAIN")) {
      const std::string nul(1, '\0');
      answer = expect("AUTH PLAIN " + base64(nul + email_.user + nul + *password), 235, "AUTH PLAIN");
    } else if (offers("AUTH", "LOGIN")) {
      answer = expect("AUTH LOGIN", 334);
      if (answer) answer = expect(base64(email_.user), 334, "AUTH LOGIN");
      if (answer) answer = expect(base64(*password), 235, "AUTH LOGIN");
    } else {
      return refuse("it offers neither AUTH PLAIN nor AUTH LOGIN");
    }
    if (!answer) return std::unexpected(away(answer.error()));
    return {};
  }

  Result<std::string> read_password() const {
    std::ifstream in(email_.password_file);
    std::string password;
    if (!in || !std::getline(in, password)) {
      return units::fail(ErrorCode::unavailable, "password_file \"" + email_.password_file +
                                                     "\" can't be read or is empty; may this user read it?");
    }
    if (password.ends_with('\r')) password.pop_back();
    return password;
  }

  /// Who would take it; `invalid` if all refuse for good.
  Result<Outcome> recipients() {
    Outcome outcome;
    for (const std::string& to : email_.to) {
      const std::string command = "RCPT TO:<" + to + ">";
      if (auto ok = peer_.write(command + "\r\n"); !ok) return std::unexpected(ok.error());
      auto answer = hear();
      if (!answer) return std::unexpected(answer.error());
      const int code = answer->code;
      if (is_ok(code, 250)) {
        outcome.taken.push_back(to);
      } else if (code == 421 || code < 400 || code > 599) {
        return wrong(command, *answer);
      } else {
        (code < 500 ? outcome.later : outcome.refused).push_back({to, answer->text});
      }
    }
    if (outcome.taken.empty() && outcome.later.empty()) {
      return units::fail(ErrorCode::invalid, target_.to_string() + " takes it for nobody; " + words(outcome));
    }
    return outcome;
  }

  /// `shown` stands for a command that holds a secret.
  Result<Reply> expect(const std::string& command, int code, const std::string& shown = "") {
    if (auto ok = peer_.write(command + "\r\n"); !ok) return std::unexpected(ok.error());
    return reply(shown.empty() ? command : shown, code);
  }

  /// `invalid` for any other answer than `code`; `unavailable` for 421, by which a server takes its leave.
  Result<Reply> reply(const std::string& to, int code) {
    auto answer = hear();
    if (answer && !is_ok(answer->code, code)) return wrong(to, *answer);
    return answer;
  }

  static bool is_ok(int found, int expected) { return found == expected || (expected == 250 && found == 251); }

  [[nodiscard]] std::unexpected<units::Error> wrong(const std::string& to, const Reply& answer) const {
    return units::fail(answer.code == 421 ? ErrorCode::unavailable : ErrorCode::invalid,
                       target_.to_string() + " answers " + to + " with: " + answer.text);
  }

  /// Whatever it answers.
  Result<Reply> hear() {
    Reply reply;
    for (std::size_t n = 0; n < kMaxLines; ++n) {
      auto line = peer_.line();
      if (!line) return std::unexpected(line.error());
      const std::string text = one_line(*line);
      int found = 0;
      const auto end = std::from_chars(text.data(), text.data() + std::min<std::size_t>(3, text.size()), found).ptr;
      if (end != text.data() + 3 || found < 200) return refuse("\"" + short_form(text) + "\" is no answer of SMTP");
      const std::string rest = text.size() > 4 ? text.substr(4) : "";
      if (reply.code == 0) reply.text = text.substr(0, 3);
      reply.code = found;
      reply.text += " " + rest;
      reply.lines.push_back(upper(rest));
      if (text.size() > 3 && text[3] == '-') continue;
      reply.text = short_form(reply.text);
      return reply;
    }
    return refuse("answers without end");
  }

  [[nodiscard]] bool offers(std::string_view keyword, std::string_view parameter = "") const {
    return std::ranges::any_of(offered_, [&](const std::string& line) {
      const std::string padded = line + " ";
      return padded.starts_with(std::string(keyword) + " ") &&
             (parameter.empty() || padded.find(" " + std::string(parameter) + " ") != std::string::npos);
    });
  }

  [[nodiscard]] std::unexpected<units::Error> refuse(const std::string& words) const {
    return units::fail(ErrorCode::unavailable, target_.to_string() + ": " + words);
  }
  static units::Error away(units::Error error) {
    if (error.code == ErrorCode::invalid) error.code = ErrorCode::unavailable;
    return error;
  }
  static std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    return text;
  }
  static std::string short_form(const std::string& text) { return std::string(units::cut_utf8(text, kMaxAnswer)); }

  Peer peer_;
  const Email& email_;
  const Target& target_;
  std::vector<std::string> offered_;
};

}  // namespace

std::string dot_stuffed(const std::string& mail) {
  std::string out;
  out.reserve(mail.size() + 16);
  bool line_begins = true;
  for (const char c : mail) {
    if (line_begins && c == '.') out += '.';
    out += c;
    line_begins = c == '\n';
  }
  return out + (out.empty() || line_begins ? ".\r\n" : "\r\n.\r\n");
}

Result<Outcome> send_mail(const Email& email, const std::string& mail, std::stop_token stop,
                          units::Milliseconds total) {
  const auto target = mail_target(email.server);
  if (!target) return units::fail(ErrorCode::invalid, "server " + target.error().message);
  auto peer = Peer::connect(*target, std::move(stop), total);
  if (!peer) return std::unexpected(peer.error());
  return Dialogue(std::move(*peer), email, *target).deliver(mail);
}

}  // namespace vedette::notify
