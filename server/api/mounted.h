// A service below a path of its own ("/vedette"), for a proxy that gives several services one name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/domain/http.h"

namespace vedette::api {

/// Requests reach the inner service with the base path taken off their path. One without it is passed on as it is: a
/// proxy may have taken it off already. The base path alone, without a "/" behind it, is sent on to the page (308).
class Mounted final : public domain::HttpService {
 public:
  /// `base_path` is empty or as is_base_path takes it. The service must outlive this.
  Mounted(std::string base_path, domain::HttpService& inner) : base_path_(std::move(base_path)), inner_(inner) {}

  [[nodiscard]] std::size_t body_limit(const domain::RequestHead& head) override;
  void handle(domain::Request request, domain::Responder respond) override;
  [[nodiscard]] domain::UpgradeDecision upgrade(const domain::RequestHead& head,
                                                const std::vector<std::string>& offered) override;

 private:
  [[nodiscard]] bool below(const std::string& path) const;
  [[nodiscard]] domain::RequestHead inside(domain::RequestHead head) const;

  const std::string base_path_;
  domain::HttpService& inner_;
};

/// "/vedette", "/tools/vedette": segments of letters, digits, "-", "_", "." and "~", none of them "." or "..", and the
/// first one no path of the collector's own, or a request couldn't tell which is meant.
[[nodiscard]] bool is_base_path(std::string_view text);

/// What the collector itself has directly below "/": "api", "hosts", … A test holds it against the routes.
[[nodiscard]] const std::vector<std::string_view>& own_paths();

}  // namespace vedette::api
