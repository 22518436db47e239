// Close codes that tests send over a WebSocket, from either side.
#pragma once

namespace vedette::tests {

/// Those that may travel: of RFC 6455 7.4 and its registry, ours, and both ends of what applications may use.
inline constexpr int kCloseCodes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
                                      1013, 1014, 3000, 4401, 4403, 4408, 4409, 4426, 4999};
/// Those that may not.
inline constexpr int kStrayCodes[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000};

}  // namespace vedette::tests
