#include "server/api/coding.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "schema/units/ascii.h"

namespace vedette::api {
namespace {

constexpr std::size_t kWorthIt = 1'000;  ///< bytes
constexpr std::array<std::string_view, 1> kGzipOnly{"gzip"};
constexpr int kGzip = 15 + 16;  ///< zlib's window bits, with gzip's wrapper

/// The part before `mark`; `text` keeps what is behind it.
std::string_view take(std::string_view& text, char mark) {
  const std::size_t at = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return units::trimmed(part);
}

/// qvalue: "1", "0.5", "0.125"; 0 for anything else.
int thousandths(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int value = text[0] - '0';
  for (std::size_t i = 2; i < 5; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return 0;
    value = value * 10 + (digit - '0');
  }
  return value > 1'000 ? 0 : value;
}

/// Of ";q=0.5" and further parameters; 1 without.
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = take(parameters, ';');
    const std::string_view name = take(value, '=');
    if (units::same_ignoring_case("q", name)) return thousandths(value);
  }
  return 1'000;
}

/// What the coding's item says, else what "*" says.
std::optional<int> weight(std::string_view accept_encoding, std::string_view coding) {
  std::optional<int> any;
  while (!accept_encoding.empty()) {
    std::string_view item = take(accept_encoding, ',');
    const std::string_view name = take(item, ';');
    if (units::same_ignoring_case(coding, name)) return weight_of(item);
    if (name == "*") any = weight_of(item);
  }
  return any;
}

bool has(const domain::Response& response, std::string_view name, std::string_view value = {}) {
  return std::ranges::any_of(response.headers, [&](const domain::Header& header) {
    return header.first == name && (value.empty() || header.second == value);
  });
}

}  // namespace

std::string_view choose_coding(std::string_view accept_encoding, std::span<const std::string_view> offered) {
  // "*" doesn't speak of identity here: it would refuse what always has to be possible.
  const bool named = accept_encoding.find("identity") != std::string_view::npos;
  int best = named ? weight(accept_encoding, "identity").value_or(0) - 1 : 0;
  std::string_view chosen;
  for (const std::string_view coding : offered) {
    const int wanted = weight(accept_encoding, coding).value_or(0);
    if (wanted <= std::max(best, 0)) continue;
    best = wanted;
    chosen = coding;
  }
  return chosen;
}

bool takes_gzip(std::string_view accept_encoding) {
  return !choose_coding(accept_encoding, kGzipOnly).empty();
}

std::string gzip(std::string_view bytes) {
  Gzip whole;
  std::string out = whole.add(bytes);
  out += whole.finish();
  return out;
}

Gzip::Gzip() : stream_(new z_stream{}) {
  if (::deflateInit2(stream_.get(), Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

void Gzip::End::operator()(z_stream_s* stream) const {
  ::deflateEnd(stream);
  delete stream;
}

std::string Gzip::add(std::string_view bytes) {
  return run(bytes, Z_NO_FLUSH);
}

std::string Gzip::finish() {
  return run({}, Z_FINISH);
}

std::string Gzip::run(std::string_view bytes, int flush) {
  std::string out;
  std::array<char, 16'384> piece{};
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(piece.data());
    stream_->avail_out = static_cast<uInt>(piece.size());
    if (::deflate(stream_.get(), flush) == Z_STREAM_ERROR) throw std::runtime_error("gzip failed");
    out.append(piece.data(), piece.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  return out;
}

domain::Response compressed(domain::Response response, std::string_view accept_encoding) {
  const std::string_view body = response.shared_body ? *response.shared_body : response.body;
  const bool packs = response.status == 200 && !response.stream &&
                     (has(response, "Content-Type", "application/json") || has(response, "Content-Type", kCsvType));
  if (!packs || has(response, "Cache-Control", "no-store") || has(response, "Set-Cookie") ||
      has(response, "Content-Encoding")) {
    return response;
  }
  if (!has(response, "Vary")) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (body.size() <= kWorthIt || !takes_gzip(accept_encoding)) return response;
  response.body = gzip(body);
  response.shared_body.reset();
  response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace vedette::api
