// The collector's TLS identity: certificate, key and the settings every accepted socket shares.
#pragma once

#include <Poco/Net/Context.h>

#include <string>

#include "schema/units/result.h"

namespace vedette::net {

/// TLS ≥ 1.2, no tickets, no renegotiation, buffers released while idle. Errors name the file and what is wrong with
/// it.
[[nodiscard]] units::Result<Poco::Net::Context::Ptr> make_server_context(const std::string& certificate_file,
                                                                         const std::string& key_file);

}  // namespace vedette::net
