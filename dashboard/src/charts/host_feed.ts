// One host's samples for its page: subscribes, buffers what comes live, fetches history over REST, merges by tick time,
// and fetches again whatever was missed. Knows nothing of drawing.

import { ApiError, type getHistory } from '../api/client';
import type { Row } from '../api/types';
import type { TopicSink } from '../live/connection';
import { loadWindow, wanted, type View } from './history_join';
import { WindowBuffer } from './window_buffer';

const PENDING_MOST = 4096;
/** Ticks further apart than this many intervals have something missing between them. */
const MISSED = 1.5;
/** What was missed may come late, by the agent's backfill: asked for at once and after these waits, seconds. */
const FILL_WAITS = [4, 8, 16, 32, 60];
/** Where the step is too wide to see whether it came, two more looks must do. */
const BLIND_FILLS = 2;
/** Between two loads that nobody clicked for, seconds. */
const LEAST_BETWEEN = 5;
const RETRY_MOST = 60;
/** How many ticks tell the interval; it may change. */
const INTERVAL_TICKS = 8;

export interface FeedEnvironment {
  /** The collector's clock, Unix seconds. */
  now(): number;
  fetchHistory: typeof getHistory;
  /** New data is in the buffer. */
  onData(): void;
  /** Loading began or ended; a sentence when it failed. */
  onLoad(state: 'loading' | 'ready' | 'failed', message: string): void;
}

interface Header {
  names: string[];
  wanted: boolean[];
}

export class HostFeed implements TopicSink {
  buffer: WindowBuffer;
  /** Values of the newest tick by series; and its time, Unix seconds. */
  readonly latest = new Map<string, number>();
  latestAt: number | null = null;
  /** Seconds between ticks: the shortest seen lately. */
  interval = 1;
  #distances: number[] = [];

  #env: FeedEnvironment;
  #view: View;
  #header: Header = { names: [], wanted: [] };
  #pending: { row: Row; header: Header }[] | null = [];
  #abort: AbortController | null = null;

  #missing: { from: number; to: number } | null = null;
  #fills = 0;
  #failures = 0;
  #askedAt = -Infinity;
  #loadedTo: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

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
    this.#rows(rows);
  }

  delta(rows: Row[], header: string[] | null): void {
    if (header) this.#setHeader(header);
    this.#rows(rows);
  }

  /** The connection is there again: don't wait for the end of the back-off. */
  opened(): void {
    if (this.#failures > 0) void this.reload();
  }

  /** Fetches the window again; live ticks wait meanwhile. */
  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const now = (this.#askedAt = this.#env.now());
    this.#pending ??= [];
    this.#env.onLoad('loading', '');
    try {
      const loaded = await loadWindow(this.host, this.#view, now, this.interval, this.#env.fetchHistory, abort.signal);
      if (this.#abort !== abort) return;
      if (loaded.interval !== null) this.#learn(loaded.interval);
      this.buffer = loaded.buffer;
      this.#loadedTo = now;
      this.#failures = 0;
      this.#release();
      this.#env.onLoad('ready', '');
      this.#fill();
    } catch (error) {
      if (this.#abort !== abort || abort.signal.aborted) return;
      this.#release();
      this.#env.onLoad('failed', error instanceof Error ? error.message : String(error));
      this.#failures += 1;
      if (!hopeless(error)) this.#later(Math.min(RETRY_MOST, 2 ** this.#failures));
    }
    this.#env.onData();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.#pending = null;
  }

  #setHeader(names: string[]): void {
    this.#header = { names, wanted: names.map(wanted) };
  }

  #release(): void {
    const pending = this.#pending ?? [];
    this.#pending = null;
    const first = pending[0]?.row[0];
    if (typeof first === 'number') this.#notice(this.buffer.newest(), first);
    if (this.#view.end === null) for (const { row, header } of pending) this.#put(row, header);
  }

  #rows(rows: Row[]): void {
    for (const row of rows) {
      const t = row[0];
      if (typeof t !== 'number') continue;
      this.#notice(Math.max(this.latestAt ?? -Infinity, this.buffer.newest()), t);
      this.#remember(row, t);
      if (this.#pending) {
        this.#pending.push({ row, header: this.#header });
        if (this.#pending.length > PENDING_MOST) this.#pending.shift();
      } else if (this.#view.end === null) this.#put(row, this.#header);
    }
    this.#env.onData();
  }

  /** The tick at `t` follows the one at `held`: was there something between? Also a page that was offline comes by here. */
  #notice(held: number, t: number): void {
    const from = Number.isFinite(held) ? held : this.#loadedTo;
    if (from === null || t - from <= MISSED * this.interval) return;
    if (this.#view.end !== null && this.#view.end <= from) return;
    this.#missing = { from: Math.min(from, this.#missing?.from ?? from), to: t };
    this.#fills = 0;
    this.#later(0);
  }

  /** After a load: has what was missing come? */
  #fill(): void {
    if (!this.#missing) return;
    const there = this.buffer.covers(this.#missing.from, this.#missing.to, this.interval);
    const wait = FILL_WAITS[this.#fills];
    if (there === true || wait === undefined || (there === null && this.#fills >= BLIND_FILLS)) {
      this.#missing = null;
      clearTimeout(this.#timer);
      return;
    }
    this.#fills += 1;
    this.#later(wait);
  }

  #later(seconds: number): void {
    clearTimeout(this.#timer);
    const wait = Math.max(seconds, Math.min(LEAST_BETWEEN, this.#askedAt + LEAST_BETWEEN - this.#env.now()));
    this.#timer = setTimeout(() => void this.reload(), wait * 1000);
  }

  #learn(distance: number): void {
    this.#distances.push(distance);
    if (this.#distances.length > INTERVAL_TICKS) this.#distances.shift();
    this.interval = Math.min(...this.#distances);
  }

  #remember(row: Row, t: number): void {
    if (this.latestAt !== null && t <= this.latestAt) return;
    if (this.latestAt !== null && t - this.latestAt <= 60) this.#learn(t - this.latestAt);
    this.latestAt = t;
    this.latest.clear();
    const { names } = this.#header;
    for (let i = 1; i < names.length; i++) {
      const value = row[i];
      if (typeof value === 'number') this.latest.set(names[i] ?? '', value);
    }
  }

  #put(row: Row, header: Header): void {
    const t = row[0] as number;
    for (let i = 1; i < header.names.length; i++) {
      if (header.wanted[i]) this.buffer.add(header.names[i] ?? '', t, row[i] as number | null);
    }
  }
}

/** Asking again would bring the same answer. */
const hopeless = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
