// A relay between agent and collector that terminates TLS with the collector's own certificate and writes down every tick
// that the agent sends: what history must hold, no more and no less.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { Frames, Ticks, agentMessage } from './wire.mjs';

/** "name{key=value,…}" as the collector writes it. */
const seriesName = ({ name, attributes }) => name + (attributes.length ? `{${attributes.map((a) => `${a.key}=${a.value}`).join(',')}}` : '');

export class Relay {
  /** All ticks seen, by stream and number (a resend overwrites its equal): {at, values: Map(series -> scaled value)}. */
  ticks = new Map();
  conflicts = [];

  constructor(collector, listen) { Object.assign(this, { collector, listen, url: `https://${listen}`, sockets: new Set() }); }

  async start() {
    const folder = path.join(this.collector.data, 'tls');
    const read = (name) => fs.readFileSync(path.join(folder, name));
    const [host, port] = this.collector.listen.split(':');
    this.server = tls.createServer({ cert: read('server.crt'), key: read('server.key') }, (agent) => {
      const up = tls.connect({ host, port: Number(port), rejectUnauthorized: false });
      for (const socket of [agent, up]) { this.sockets.add(socket); socket.on('close', () => this.sockets.delete(socket)); }
      const listener = this.#listener();
      agent.on('data', (bytes) => { listener(bytes); up.write(bytes); });
      up.on('data', (bytes) => agent.write(bytes));
      // An end without goodbye on one side is one on the other, too.
      agent.on('error', () => up.destroy()); up.on('error', () => agent.destroy());
      agent.on('close', () => up.destroy()); up.on('close', () => agent.destroy());
    });
    await new Promise((resolve) => this.server.listen(Number(this.listen.split(':')[1]), this.listen.split(':')[0], resolve));
    return this;
  }

  stop() { for (const socket of this.sockets) socket.destroy(); this.server.close(); }

  /** Reads one connection's bytes: an HTTP head, then WebSocket frames if it asked for an upgrade. */
  #listener() {
    let head = Buffer.alloc(0), frames = null, plain = false;
    const names = new Map(), live = new Ticks();
    let stream;
    const message = (payload) => {
      const m = agentMessage(payload);
      if (m.hello) stream = String(m.hello.stream);
      for (const s of m.announce?.series ?? []) names.set(s.number, { name: seriesName(s), multiply: Number(s.multiply), divide: Number(s.divide) });
      if (m.tick) { const { at, cells } = live.decode(m.tick.data); this.#note(stream, Number(m.tick.number), at, cells, names); }
      if (m.backfill) this.#backfill(m.backfill, names);
    };
    return (bytes) => {
      if (plain) return;
      if (!frames) {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!/^upgrade: websocket/im.test(head.subarray(0, end).toString('latin1'))) { plain = true; return; }
        frames = new Frames();
        bytes = head.subarray(end + 4);
      }
      for (const { opcode, payload } of frames.push(bytes)) if (opcode === 2) message(payload);
    };
  }

  #backfill(backfill, names) {
    const table = JSON.parse(execFileSync(`${process.env.VEDETTE_BINARIES}/chunk-json`, { input: backfill.chunk, maxBuffer: 1 << 28 }));
    table.times.forEach((at, row) => {
      const cells = [];
      for (const column of table.columns) cells[column.id] = column.values[row] === null ? null : BigInt(column.values[row]);
      this.#note(String(backfill.stream), Number(backfill.first) + row, at, cells, names);
    });
  }

  #note(stream, number, at, cells, names) {
    const values = new Map();
    cells.forEach((cell, i) => {
      const series = names.get(i);
      if (cell !== null && cell !== undefined && series.divide) values.set(series.name, (Number(cell) * series.multiply) / series.divide);
    });
    const key = `${stream}/${number}`, before = this.ticks.get(key);
    if (before && (before.at !== at || before.values.size !== values.size)) this.conflicts.push({ key, before: before.at, now: at });
    this.ticks.set(key, { at, values });
  }

  /** What the relay saw of one series, by time: [[ms, value], …]. */
  seen(series) {
    return [...this.ticks.values()].filter((tick) => tick.values.has(series)).map((tick) => [tick.at, tick.values.get(series)]).sort((a, b) => a[0] - b[0]);
  }
}
