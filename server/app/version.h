// What `vedette-server version` prints and metrics are labelled with.
#pragma once

namespace vedette::app {

inline constexpr auto kVersion = VEDETTE_VERSION;

}  // namespace vedette::app
