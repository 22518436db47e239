// OpenSSL's record buffers: 16 kB that SSL_MODE_RELEASE_BUFFERS takes and gives back with each read, so that idle
// connections hold none.
#pragma once

namespace vedette::net {

/// From now on a thread keeps the last few that it gave back and hands them out again: a tenth of what a message costs
/// was the allocator's work on them. For the whole process, before anything uses OpenSSL; false if something has.
bool keep_record_buffers() noexcept;

}  // namespace vedette::net
