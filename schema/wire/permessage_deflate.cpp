#include "schema/wire/permessage_deflate.h"

#include <charconv>
#include <utility>

#include "schema/units/ascii.h"
#include "schema/wire/deflate.h"

namespace vedette::wire {
namespace {

using units::ErrorCode;
using units::fail;

constexpr std::string_view kName = "permessage-deflate";

/// Reads the field from the left; every step skips the blanks before what it wants.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  bool take(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty if there is none.
  std::string token() {
    skip_blanks();
    std::size_t size = 0;
    while (size < rest_.size() && units::is_token_character(rest_[size])) ++size;
    const std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }
  /// A token, quoted or not: what is in the quotes has to be one too.
  std::string value() {
    if (!take('"')) return token();
    std::string unquoted;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !units::is_token_character(rest_.front())) return {};
      unquoted += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return {};
    rest_.remove_prefix(1);
    return unquoted;
  }

 private:
  void skip_blanks() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

std::optional<Extension> read_extension(Reader& reader) {
  Extension extension;
  extension.name = reader.token();
  if (extension.name.empty()) return std::nullopt;
  while (reader.take(';')) {
    Extension::Parameter parameter;
    parameter.name = reader.token();
    if (parameter.name.empty()) return std::nullopt;
    if (reader.take('=')) {
      parameter.value = reader.value();
      if (parameter.value->empty()) return std::nullopt;
    }
    extension.parameters.push_back(std::move(parameter));
  }
  return extension;
}

/// permessage-deflate's parameters as told; an absent one is nothing or false.
struct Parameters {
  bool server_no_context_takeover = false, client_no_context_takeover = false;
  std::optional<std::uint8_t> server_window, client_window;
  bool client_window_told = false;  ///< with a value or, in offers, without
};

/// 8 to 15, written the one way.
std::optional<std::uint8_t> window_of(const Extension::Parameter& parameter) {
  if (!parameter.value) return std::nullopt;
  const std::string& text = *parameter.value;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && text.front() != '0';
  if (!whole || bits < 8 || bits > kMostWindowBits) return std::nullopt;
  return static_cast<std::uint8_t>(bits);
}

/// False if this parameter can't be there, or not like that.
bool read_parameter(const Extension::Parameter& parameter, bool offer, Parameters& into) {
  if (parameter.name == "server_no_context_takeover") {
    return !parameter.value && !std::exchange(into.server_no_context_takeover, true);
  }
  if (parameter.name == "client_no_context_takeover") {
    return !parameter.value && !std::exchange(into.client_no_context_takeover, true);
  }
  if (parameter.name == "server_max_window_bits") {
    const auto bits = window_of(parameter);
    return bits && !std::exchange(into.server_window, bits);
  }
  if (parameter.name == "client_max_window_bits") {
    if (std::exchange(into.client_window_told, true)) return false;
    into.client_window = window_of(parameter);
    return into.client_window || (offer && !parameter.value);
  }
  return false;
}

std::optional<Parameters> read_parameters(const Extension& extension, bool offer) {
  Parameters parameters;
  for (const auto& parameter : extension.parameters) {
    if (!read_parameter(parameter, offer, parameters)) return std::nullopt;
  }
  return parameters;
}

}  // namespace

units::Result<std::vector<Extension>> parse_extensions(std::string_view field) {
  std::vector<Extension> extensions;
  Reader reader(field);
  while (!reader.at_end()) {
    if (reader.take(',')) continue;
    auto extension = read_extension(reader);
    if (!extension || !(reader.at_end() || reader.take(','))) {
      return fail(ErrorCode::invalid, "Sec-WebSocket-Extensions is malformed");
    }
    extensions.push_back(std::move(*extension));
  }
  return extensions;
}

std::optional<DeflateAnswer> answer_offers(std::span<const Extension> offers) {
  for (const Extension& offer : offers) {
    if (offer.name != kName) continue;
    const auto wanted = read_parameters(offer, true);
    if (!wanted) continue;
    DeflateAnswer answer{std::string(kName) + "; server_no_context_takeover; client_no_context_takeover",
                         wanted->server_window.value_or(kMostWindowBits)};
    if (answer.window_bits < kLeastWindowBits) continue;
    if (wanted->server_window) answer.field += "; server_max_window_bits=" + std::to_string(answer.window_bits);
    return answer;
  }
  return std::nullopt;
}

units::Result<std::optional<std::uint8_t>> check_answer(std::string_view field) {
  const auto answers = parse_extensions(field);
  if (!answers) return std::unexpected(answers.error());
  if (answers->empty()) return std::nullopt;
  const auto told = read_parameters(answers->front(), false);
  if (answers->size() > 1 || answers->front().name != kName || !told) {
    return fail(ErrorCode::invalid, "Sec-WebSocket-Extensions has something that wasn't offered");
  }
  if (!told->server_no_context_takeover) {
    return fail(ErrorCode::invalid, "Sec-WebSocket-Extensions lacks server_no_context_takeover, which was offered");
  }
  return told->client_window.value_or(kMostWindowBits);
}

}  // namespace vedette::wire
