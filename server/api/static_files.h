// The dashboard's files. All are read at start: what a request names is looked up in memory, so no path of a request
// ever reaches the file system.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "server/api/router.h"

namespace vedette::api {

class StaticFiles {
 public:
  /// Reads every file under `directory`; "x.br" and "x.gz" beside "x" are its compressed forms. A directory without
  /// index.html makes a page that says the dashboard isn't built. At most 64 MiB in all.
  ///
  /// index.html names its files relatively ("./assets/…") and is answered at other paths than its own: its references
  /// get `base_path` in place of the ".". So one build serves below any path.
  explicit StaticFiles(const std::filesystem::path& directory, const std::string& base_path = "");

  /// GET and HEAD. Unknown paths without an extension get index.html (the page routes itself); others 404.
  [[nodiscard]] domain::Response answer(const domain::RequestHead& head) const;
  [[nodiscard]] std::size_t count() const { return files_.size(); }

 private:
  using Body = std::shared_ptr<const std::string>;
  struct File {
    std::string type, tag;
    bool hashed = false;  ///< its name holds a hash of its content: never changes
    Body plain, brotli, gzip;
  };
  [[nodiscard]] static File read(const std::filesystem::path& path);
  static void place(File& page, const std::string& base_path);
  [[nodiscard]] static domain::Response send(const File& file, const domain::RequestHead& head);

  std::map<std::string, File, std::less<>> files_;  ///< by path, "/assets/index-Ab12.js"
};

}  // namespace vedette::api
