#include "server/net/body_reader.h"

#include <algorithm>
#include <charconv>

namespace vedette::net {
namespace {

constexpr std::size_t kMaxLine = 1'024;  ///< a size line with extensions, or a trailer
constexpr std::size_t kMaxTrailers = 16 * 1'024;

}  // namespace

BodyReader::BodyReader(const ParsedHead& head, std::size_t limit)
    : state_(head.chunked               ? State::size_line
             : head.content_length == 0 ? State::complete
                                        : State::counted),
      left_(head.content_length),
      limit_(limit) {}

bool BodyReader::fail(int status, std::string words) {
  refusal_ = {status, std::move(words)};
  return false;
}

bool BodyReader::feed(std::string_view& bytes) {
  while (!bytes.empty() && state_ != State::complete) {
    const bool counted = state_ == State::counted || state_ == State::chunk;
    if (!(counted ? take_bytes(bytes) : take_line(bytes))) return false;
  }
  return true;
}

bool BodyReader::take_bytes(std::string_view& bytes) {
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body_.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
  left_ -= n;
  if (left_ == 0) state_ = state_ == State::counted ? State::complete : State::chunk_end;
  return true;
}

bool BodyReader::take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t n = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, n));
  line_bytes_ += n;
  bytes.remove_prefix(n);
  if (line_.size() > kMaxLine || (state_ == State::trailer && line_bytes_ > kMaxTrailers)) {
    return fail(400, "a line of the chunked body is too long");
  }
  if (end == std::string_view::npos) return true;
  if (!line_.ends_with("\r\n")) return fail(400, "LF without CR in the chunked body");
  line_.resize(line_.size() - 2);
  const bool good = on_line();
  line_.clear();
  return good;
}

bool BodyReader::on_line() {
  if (std::ranges::any_of(line_, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; })) {
    return fail(400, "control character in the chunked body's framing");
  }
  if (state_ == State::size_line) return on_size_line();
  if (state_ == State::chunk_end) {
    if (!line_.empty()) return fail(400, "a chunk is longer than its size");
    state_ = State::size_line;
    return true;
  }
  if (line_.empty()) state_ = State::complete;  // trailers are dropped: nobody asked for one
  return true;
}

bool BodyReader::on_size_line() {
  const std::string_view size = std::string_view(line_).substr(0, line_.find(';'));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
  if (size.empty() || size.size() > 15 || error != std::errc() || end != size.data() + size.size()) {
    return fail(400, "bad chunk size");
  }
  if (left_ > limit_ - body_.size()) return fail(413, "the body is over " + std::to_string(limit_) + " bytes");
  if (left_ == 0) line_bytes_ = 0;
  state_ = left_ == 0 ? State::trailer : State::chunk;
  return true;
}

}  // namespace vedette::net
