#include "server/api/static_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "schema/units/log.h"
#include "server/api/coding.h"
#include "server/api/entity_tag.h"

namespace vedette::api {

using domain::Response;

namespace {

constexpr std::uintmax_t kMostBytes = 64ULL * 1024 * 1024;

std::shared_ptr<const std::string> bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::make_shared<const std::string>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

std::string type_of(std::string_view extension) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kTypes{
      {{".html", "text/html; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".json", "application/json"},
       {".map", "application/json"},
       {".webmanifest", "application/manifest+json"},
       {".svg", "image/svg+xml"},
       {".png", "image/png"},
       {".ico", "image/x-icon"},
       {".woff2", "font/woff2"},
       {".txt", "text/plain; charset=utf-8"},
       {".webp", "image/webp"},
       {".wasm", "application/wasm"}}};
  for (const auto& [ending, type] : kTypes) {
    if (ending == extension) return std::string(type);
  }
  return "application/octet-stream";
}

Response missing_page() {
  Response response;
  response.status = 404;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
  response.body =
      "The dashboard's files aren't here. Build them with ./dev build, or start with --dashboard DIRECTORY.\n";
  return response;
}

}  // namespace

StaticFiles::File StaticFiles::read(const std::filesystem::path& path) {
  std::error_code code;
  File file;
  file.type = type_of(path.extension().string());
  file.plain = bytes_of(path);
  file.tag = tag_of(*file.plain);
  if (std::filesystem::exists(path.string() + ".br", code)) file.brotli = bytes_of(path.string() + ".br");
  if (std::filesystem::exists(path.string() + ".gz", code)) file.gzip = bytes_of(path.string() + ".gz");
  return file;
}

void StaticFiles::place(File& page, const std::string& base_path) {
  constexpr std::string_view kRelative = "=\"./";
  std::string text = *page.plain;
  for (std::size_t at = text.find(kRelative); at != std::string::npos; at = text.find(kRelative, at)) {
    text.replace(at + 2, 1, base_path);
    at += 2 + base_path.size();
  }
  page.tag = tag_of(text);
  page.plain = std::make_shared<const std::string>(std::move(text));
  page.gzip = std::make_shared<const std::string>(gzip(*page.plain));
  page.brotli.reset();
}

StaticFiles::StaticFiles(const std::filesystem::path& directory, const std::string& base_path) {
  namespace fs = std::filesystem;
  std::error_code code;
  std::uintmax_t total = 0;
  for (fs::recursive_directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
    if (!at->is_regular_file(code)) continue;
    const fs::path& path = at->path();
    if (path.extension() == ".br" || path.extension() == ".gz") continue;
    total += at->file_size(code);
    if (total > kMostBytes) {
      units::log_warning("dashboard files left out: more than 64 MiB", {{"directory", directory.string()}});
      break;
    }
    File file = read(path);
    const std::string name = "/" + fs::relative(path, directory, code).generic_string();
    file.hashed = name.starts_with("/assets/");
    if (name == "/index.html") place(file, base_path);
    files_.emplace(name, std::move(file));
  }
}

Response StaticFiles::answer(const domain::RequestHead& head) const {
  auto found = files_.find(head.path);
  const std::string_view last = std::string_view(head.path).substr(head.path.rfind('/') + 1);
  if (found == files_.end() && last.find('.') == std::string_view::npos) found = files_.find("/index.html");
  if (found != files_.end()) return send(found->second, head);
  if (!files_.contains("/index.html")) return missing_page();
  return domain::problem(404, "There is nothing at " + head.path + ".");
}

Response StaticFiles::send(const File& file, const domain::RequestHead& head) {
  std::vector<std::string_view> offered;
  if (file.brotli) offered.emplace_back("br");
  if (file.gzip) offered.emplace_back("gzip");
  const std::string_view coding = choose_coding(head.header("accept-encoding"), offered);
  const std::string tag = "\"" + file.tag + (coding.empty() ? "" : "-") + std::string(coding) + "\"";
  Response response;
  response.headers = {{"ETag", tag},
                      {"Vary", "Accept-Encoding"},
                      {"Cache-Control", file.hashed ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (names_tag(head.header("if-none-match"), tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", file.type);
  if (!coding.empty()) response.headers.emplace_back("Content-Encoding", coding);
  response.shared_body = coding == "br" ? file.brotli : coding == "gzip" ? file.gzip : file.plain;
  return response;
}

}  // namespace vedette::api
