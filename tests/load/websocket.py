"""WebSocket frames (RFC 6455, 5.2) as a client sends and reads them, and such as no client should send."""
import struct


def frame(opcode, payload, fin=True, announced=None):
    """A masked frame (key 0: the payload as it is); `announced` lies about its length."""
    length = len(payload) if announced is None else announced
    size = (bytes([0x80 | length]) if length < 126 else
            struct.pack("!BH", 0xFE, length) if length < 65536 else struct.pack("!BQ", 0xFF, length))
    return bytes([(0x80 if fin else 0) | opcode]) + size + bytes(4) + payload


def read_frame(read):
    """The first byte (FIN, RSV1 to RSV3, opcode) and the payload of a server's next frame; `read(count)` returns so many bytes."""
    first, length = read(2)
    if length >= 126:
        length = int.from_bytes(read(2 if length == 126 else 8), "big")
    return first, read(length)
