// One host's samples for its page: subscribes, buffers what comes live, fetches history over REST, merges by tick time,
// and fetches again after a break. Knows nothing of drawing.

import { getHistory } from '../api/client';
import type { History, Row } from '../api/types';
import type { TopicSink } from '../live/connection';
import { writeSeries } from '../live/series_key';
import { WindowBuffer, type Columns } from './window_buffer';

export const SELECTORS = [
  'system.cpu.time{mode=*}',
  'system.cpu.utilization{cpu=*}',
  'system.cpu.load_average.1m',
  'system.cpu.load_average.5m',
  'system.cpu.load_average.15m',
  'system.memory.usage{state=*}',
  'system.disk.io{device=*,direction=*}',
  'system.network.io{direction=*,interface=*}',
];
const WANTED = /^system\.(cpu\.time\{mode=|cpu\.utilization\{cpu=|cpu\.load_average\.|memory\.usage\{|disk\.io\{|network\.io\{)/;
const wanted = (key: string): boolean => WANTED.test(key) && !/^system\.cpu\.time\{cpu=/.test(key);

const PENDING_MOST = 4096;

export interface FeedEnvironment {
  /** The collector's clock, Unix seconds. */
  now(): number;
  fetchHistory: typeof getHistory;
  /** New data is in the buffer. */
  onData(): void;
  /** Loading began or ended; a sentence when it failed. */
  onLoad(state: 'loading' | 'ready' | 'failed', message: string): void;
}

export interface View {
  step: number;
  range: number;
  /** Unix seconds of the right edge; null follows the present. */
  end: number | null;
}

export class HostFeed implements TopicSink {
  buffer: WindowBuffer;
  /** Values of the newest tick by series; and its time, Unix seconds. */
  readonly latest = new Map<string, number>();
  latestAt: number | null = null;
  /** Seconds between ticks: the shortest seen. */
  interval = 1;
  #measured = false;

  #env: FeedEnvironment;
  #view: View;
  #header: string[] = [];
  #wanted: boolean[] = [];
  #pending: Row[] | null = [];
  #pendingHeader: string[] = [];
  #abort: AbortController | null = null;

  constructor(
    readonly host: string,
    view: View,
    environment: FeedEnvironment,
  ) {
    this.#env = environment;
    this.#view = view;
    this.buffer = new WindowBuffer(view.step, view.range);
  }

  show(view: View): void {
    this.#view = view;
    void this.reload();
  }

  snapshot(header: string[], rows: Row[]): void {
    this.#setHeader(header);
    const before = this.latestAt;
    this.#rows(rows);
    // A snapshot after a break holds only the newest tick: what lies between comes from history.
    const first = rows[0]?.[0];
    if (before !== null && typeof first === 'number' && first - before > 1.5 * this.interval && this.#pending === null) void this.reload();
  }

  delta(rows: Row[], header: string[] | null): void {
    if (header) this.#setHeader(header);
    this.#rows(rows);
  }

  /** Fetches the window again; live ticks wait meanwhile. */
  async reload(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const { step, range, end } = this.#view;
    this.#pending ??= [];
    this.#env.onLoad('loading', '');
    const to = end ?? this.#env.now();
    const open = Math.floor(to / step) * step;
    const from = Math.floor((to - range) / step) * step;
    const ask = { host: this.host, series: SELECTORS };
    try {
      const [closed, tail] = await Promise.all([
        this.#env.fetchHistory({ ...ask, from, to: end ?? open - 0.001, step }, abort.signal),
        // The bucket that is still filling is put together from raw samples, so that live ticks join it exactly.
        end === null ? this.#env.fetchHistory({ ...ask, from: open, to: to + 60, step: 0 }, abort.signal) : null,
      ]);
      if (this.#abort !== abort) return;
      this.#merge(closed, tail);
      this.#env.onLoad('ready', '');
    } catch (error) {
      if (this.#abort !== abort || abort.signal.aborted) return;
      this.#release(this.buffer);
      this.#env.onLoad('failed', error instanceof Error ? error.message : String(error));
    }
    this.#env.onData();
  }

  close(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#pending = null;
  }

  #setHeader(header: string[]): void {
    this.#header = header;
    this.#wanted = header.map(wanted);
    if (this.#pending?.length && this.#pendingHeader !== header) this.#release(this.buffer, true);
    this.#pendingHeader = header;
  }

  #merge(closed: History, tail: History | null): void {
    const buffer = new WindowBuffer(this.#view.step, this.#view.range);
    for (const columns of columnsOf(closed)) buffer.load(columns);
    if (tail) {
      for (const { key, t, avg } of columnsOf(tail)) t.forEach((at, i) => buffer.add(key, at, avg[i]));
    }
    this.buffer = buffer;
    this.#release(buffer);
  }

  #release(buffer: WindowBuffer, keepWaiting = false): void {
    const pending = this.#pending ?? [];
    this.#pending = keepWaiting ? [] : null;
    if (this.#view.end === null) for (const row of pending) this.#put(buffer, row, this.#pendingHeader);
  }

  #rows(rows: Row[]): void {
    for (const row of rows) {
      const t = row[0];
      if (typeof t !== 'number') continue;
      this.#remember(row, t);
      if (this.#pending) {
        this.#pending.push(row);
        if (this.#pending.length > PENDING_MOST) this.#pending.shift();
      } else if (this.#view.end === null) this.#put(this.buffer, row, this.#header);
    }
    this.#env.onData();
  }

  #remember(row: Row, t: number): void {
    if (this.latestAt !== null && t <= this.latestAt) return;
    const since = this.latestAt === null ? Infinity : t - this.latestAt;
    if (since <= 60) this.interval = this.#measured ? Math.min(this.interval, since) : since;
    this.#measured ||= since <= 60;
    this.latestAt = t;
    this.latest.clear();
    for (let i = 1; i < this.#header.length; i++) {
      const value = row[i];
      if (typeof value === 'number') this.latest.set(this.#header[i] ?? '', value);
    }
  }

  #put(buffer: WindowBuffer, row: Row, header: string[]): void {
    const t = row[0] as number;
    for (let i = 1; i < header.length; i++) {
      if (this.#wanted[i]) buffer.add(header[i] ?? '', t, row[i] as number | null);
    }
  }
}

function* columnsOf(history: History): Generator<Columns> {
  for (const series of history.series) {
    const key = writeSeries(series.name, series.attributes);
    if (!wanted(key)) continue;
    if ('value' in series) yield { key, t: series.t, avg: series.value };
    else yield { key, t: series.t, avg: series.avg, min: series.min, max: series.max };
  }
}
