// The agent protocol read from its documentation alone: WebSocket frames, protobuf, live ticks. Nothing shared with the C++.
import path from 'node:path';
import protobuf from 'protobufjs';

const schema = protobuf.loadSync(path.join(process.env.VEDETTE_ROOT, 'schema/wire/agent.proto'));
const AgentMessage = schema.lookupType('vedette.wire.pb.AgentMessage');

/** RFC 6455 frames out of a byte stream, unmasked, reassembled. */
export class Frames {
  #bytes = Buffer.alloc(0);
  #parts = [];
  /** Returns the messages that `bytes` completed: {opcode, payload}. */
  push(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const messages = [];
    for (let frame; (frame = this.#take()); ) {
      if (frame.opcode >= 8) { messages.push({ opcode: frame.opcode, payload: frame.payload }); continue; }
      this.#parts.push(frame);
      if (!frame.fin) continue;
      messages.push({ opcode: this.#parts[0].opcode, payload: Buffer.concat(this.#parts.map((part) => part.payload)) });
      this.#parts = [];
    }
    return messages;
  }
  #take() {
    const b = this.#bytes;
    if (b.length < 2) return null;
    let length = b[1] & 127, at = 2;
    if (length === 126) { if (b.length < 4) return null; length = b.readUInt16BE(2); at = 4; }
    if (length === 127) { if (b.length < 10) return null; length = Number(b.readBigUInt64BE(2)); at = 10; }
    const masked = b[1] & 128, end = at + (masked ? 4 : 0) + length;
    if (b.length < end) return null;
    const payload = Buffer.from(b.subarray(end - length, end));
    if (masked) for (let i = 0; i < length; i++) payload[i] ^= b[at + (i & 3)];
    this.#bytes = b.subarray(end);
    return { fin: Boolean(b[0] & 128), opcode: b[0] & 15, payload };
  }
}

/** One agent message: version byte, then protobuf. */
export function agentMessage(payload) {
  if (payload[0] !== 1) throw new Error(`version byte ${payload[0]}`);
  return AgentMessage.decode(payload.subarray(1));
}

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  byte() { if (this.at >= this.bytes.length) throw new Error('cut off'); return this.bytes[this.at++]; }
  varint() { let value = 0n; for (let shift = 0n; ; shift += 7n) { const b = this.byte(); value |= BigInt(b & 127) << shift; if (b < 128) return BigInt.asUintN(64, value); } }
  signed() { const n = this.varint(); return BigInt.asIntN(64, (n >> 1n) ^ -(n & 1n)); }
  bits(count) { const raw = Array.from({ length: (count + 7) >> 3 }, () => this.byte()); return Array.from({ length: count }, (_, i) => (raw[i >> 3] >> (i & 7)) & 1); }
}

/** docs/wire-protocol.md, "Tick". Values are BigInt integers; a cell that is absent is null. Doubles are left as bits. */
export class Ticks {
  decode(data) {
    const reader = new Reader(data), head = reader.byte(), full = head & 1;
    if (full) Object.assign(this, { at: 0n, interval: 0n, cells: [], real: [] });
    const elapsed = this.interval + reader.signed();
    this.at += elapsed;
    this.interval = full ? 0n : elapsed;
    if (head & 2) {
      const count = Number(reader.varint()), present = reader.bits(count), real = head & 4 ? reader.bits(count) : [];
      this.cells = present.map((there, i) => (there ? (this.cells[i] ?? 0n) : null));
      this.real = present.map((_, i) => Boolean(real[i]));
    }
    reader.bits(this.cells.length).forEach((changed, i) => {
      if (!changed) return;
      if (this.real[i]) { reader.varint(); return; } // doubles aren't compared
      this.cells[i] = BigInt.asIntN(64, this.cells[i] + reader.signed());
    });
    if (reader.at !== data.length) throw new Error('bytes past the tick');
    return { at: Number(this.at), cells: [...this.cells] };
  }
}
