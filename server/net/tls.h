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

/// Did a peer say TLS's goodbye (close_notify) to this thread since the last call? A peer that was killed says none,
/// and Poco from 1.13 on reports both as the end of the stream.
[[nodiscard]] bool take_goodbye() noexcept;

}  // namespace vedette::net
