// The one connection to the collector, as a state machine. Transports, time, chance and the question "why was I refused?"
// are injected, so that tests own them. Subscribers get whole snapshots and deltas; parts are put together here.
//
// A transport that is refused twice while the collector answers, or that stays silent, is blocked on the way: the next
// one is tried (ladder.ts).

import type { LiveMessage, LiveRequest, Row } from '../api/types';
import { causeOf, type Cause } from './close_reason';
import { Ladder } from './ladder';
import type { OpenTransport, Transport, TransportKind } from './transport';

export const BACKOFF_FIRST_MS = 1000;
export const BACKOFF_MOST_MS = 30_000;
export const SILENCE_MS = 15_000;
/** A poll with nothing to tell is answered after 25 s. */
export const POLLING_SILENCE_MS = 40_000;
/** A stream begins at once unless something on the way holds it back. */
export const FIRST_EVENT_MS = 6000;
const WATCH_EVERY_MS = 1000;
/** A timer this late means that we slept: read what has been waiting before judging silence. */
const LATE_MS = 2000;

export type LiveState =
  | { kind: 'idle' }
  | { kind: 'connecting'; since: number | null }
  | { kind: 'open'; delay: number | null; transport: TransportKind }
  /** `words` are the collector's own, empty if it said nothing. */
  | { kind: 'waiting'; until: number; since: number; cause: Cause; words: string }
  | { kind: 'signed-out' };

export interface TopicSink {
  /** All rows of the topic: they replace what was held. */
  snapshot(header: string[], rows: Row[]): void;
  /** Rows that changed; `header` only when it did. */
  delta(rows: Row[], header: string[] | null): void;
}

export interface LiveEnvironment {
  open: Record<TransportKind, OpenTransport>;
  /** Milliseconds; may jump. */
  now(): number;
  random(): number;
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
  /** After a refused handshake: is there still a login? Rejects when nobody answers. */
  hasLogin(): Promise<boolean>;
  onState(state: LiveState): void;
  onError(message: string): void;
}

interface Topic {
  sink: TopicSink;
  header: string[] | null;
  parts: Row[] | null;
}

export class LiveConnection {
  #env: LiveEnvironment;
  #topics = new Map<string, Topic>();
  #transport: Transport | null = null;
  #state: LiveState = { kind: 'idle' };
  #cursor: string | null = null;
  #attempt = 0;
  #downSince: number | null = null;
  #lastHeard = 0;
  #asked: number | null = null;
  #timer: unknown = null;
  #watch: unknown = null;
  #watchDue = 0;
  #ladder = new Ladder();
  #heard = false; // anything on this connection

  constructor(environment: LiveEnvironment) {
    this.#env = environment;
  }

  get state(): LiveState {
    return this.#state;
  }

  start(): void {
    if (this.#state.kind === 'idle' || this.#state.kind === 'signed-out') this.#connect();
  }

  /** Ends the connection and forgets where it was; topics stay. */
  stop(): void {
    this.#drop();
    this.#cursor = null;
    this.#downSince = null;
    this.#attempt = 0;
    this.#ladder.reset();
    for (const topic of this.#topics.values()) topic.header = null;
    this.#become({ kind: 'idle' });
  }

  subscribe(name: string, sink: TopicSink): void {
    this.#topics.set(name, { sink, header: null, parts: null });
    if (this.#state.kind === 'open') this.#ask({ op: 'subscribe', topics: [name] });
  }

  unsubscribe(name: string): void {
    if (this.#topics.delete(name) && this.#state.kind === 'open') this.#transport?.send({ op: 'unsubscribe', topics: [name] });
  }

  /** Try now instead of at the end of the wait: the network or the tab came back. */
  nudge(): void {
    if (this.#state.kind === 'waiting') this.#connect();
    else if (this.#state.kind === 'open' && this.#env.now() - this.#lastHeard > this.#patience()) this.#silent();
  }

  #patience(): number {
    if (this.#ladder.kind === 'polling') return POLLING_SILENCE_MS;
    return this.#ladder.kind === 'events' && !this.#heard ? FIRST_EVENT_MS : SILENCE_MS;
  }

  #become(state: LiveState): void {
    this.#state = state;
    this.#env.onState(state);
  }

  #connect(): void {
    this.#drop();
    this.#become({ kind: 'connecting', since: this.#downSince });
    let opened = false;
    let mine: Transport | null = null;
    const current = (): boolean => mine === null || mine === this.#transport;
    this.#lastHeard = this.#env.now();
    this.#heard = false;
    this.#watchSilence();
    mine = this.#env.open[this.#ladder.kind]({
      open: () => {
        if (!current()) return;
        opened = true;
        this.#opened();
      },
      message: (message) => {
        if (current()) this.#take(message);
      },
      close: (code, reason) => {
        if (current()) this.#closed(opened, code, reason);
      },
    });
    this.#transport = mine;
  }

  #opened(): void {
    this.#lastHeard = this.#env.now();
    this.#become({ kind: 'open', delay: null, transport: this.#ladder.kind });
    const known: string[] = [];
    const fresh: string[] = [];
    for (const [name, topic] of this.#topics) {
      topic.parts = null;
      (topic.header && this.#cursor ? known : fresh).push(name);
    }
    if (known.length && this.#cursor) this.#ask({ op: 'subscribe', topics: known, cursor: this.#cursor });
    if (fresh.length) this.#ask({ op: 'subscribe', topics: fresh });
  }

  #ask(request: LiveRequest): void {
    this.#asked = this.#env.now();
    this.#transport?.send(request);
  }

  #take(message: LiveMessage): void {
    this.#lastHeard = this.#env.now();
    if (this.#asked !== null) {
      const delay = this.#lastHeard - this.#asked;
      this.#asked = null;
      this.#become({ kind: 'open', delay, transport: this.#ladder.kind });
    }
    this.#ladder.heard(!this.#heard, this.#lastHeard);
    this.#heard = true;
    // Only what was heard proves that the collector takes us; an accepted handshake alone doesn't.
    this.#attempt = 0;
    this.#downSince = null;
    if (message.type === 'error') {
      this.#env.onError(message.message);
      return;
    }
    this.#cursor = message.cursor;
    if (message.type === 'beat') return;
    const topic = this.#topics.get(message.topic);
    if (!topic) return;
    if (message.type === 'snapshot') {
      const rows = (topic.parts ?? []).concat(message.rows as Row[]);
      if ((message.part ?? 1) < (message.parts ?? 1)) {
        topic.parts = rows;
        return;
      }
      topic.parts = null;
      // A host that never sent a tick to this collector has no header yet; it comes with the first delta.
      topic.header = message.header ?? [];
      topic.sink.snapshot(topic.header, rows);
    } else if (topic.header) {
      if (message.header) topic.header = message.header;
      topic.sink.delta(message.rows as Row[], message.header ?? null);
    }
  }

  #closed(opened: boolean, code: number, reason: string): void {
    this.#transport = null;
    if (code === 4401) {
      this.#signedOut();
      return;
    }
    const untold = code === 1006 && !this.#heard;
    // A WebSocket that opened was no refusal; the others open before they ask.
    if (!untold || (opened && this.#ladder.kind === 'websocket')) {
      if (!untold || !this.#refused()) this.#wait(causeOf(code), reason);
      return;
    }
    // Browsers say 1006 for every refused handshake.
    this.#askWhy('refused', 'unreachable', reason);
  }

  /** Is it this transport that doesn't get through, the login, or the collector? */
  #askWhy(blocked: Cause, unreachable: Cause, words = ''): void {
    const started = this.#state;
    void this.#env.hasLogin().then(
      (yes) => {
        if (this.#state !== started) return;
        if (!yes) this.#signedOut();
        else if (!this.#refused()) this.#wait(blocked, words);
      },
      () => {
        if (this.#state === started) this.#wait(unreachable);
      },
    );
  }

  #signedOut(): void {
    this.stop();
    this.#become({ kind: 'signed-out' });
  }

  #silent(): void {
    this.#drop();
    if (this.#heard) this.#wait('silent');
    else this.#askWhy('silent', 'silent');
  }

  /** This transport didn't get through, though the collector may be there. True if another one is being tried. */
  #refused(): boolean {
    if (!this.#ladder.refused()) return false;
    this.#connect();
    return true;
  }

  #wait(cause: Cause, words = ''): void {
    this.#drop();
    const now = this.#env.now();
    this.#downSince ??= now;
    const most = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    const delay = Math.max(200, this.#env.random() * most);
    this.#become({ kind: 'waiting', until: now + delay, since: this.#downSince, cause, words });
    this.#timer = this.#env.setTimer(() => this.#connect(), delay);
  }

  #watchSilence(): void {
    this.#watchDue = this.#env.now() + WATCH_EVERY_MS;
    this.#watch = this.#env.setTimer(() => {
      const now = this.#env.now();
      const late = now - this.#watchDue > LATE_MS;
      if (!late && now - this.#lastHeard > this.#patience()) this.#silent();
      else if (this.#heard && this.#ladder.backToWebSocket(now)) this.#connect();
      else this.#watchSilence();
    }, WATCH_EVERY_MS);
  }

  #drop(): void {
    this.#env.clearTimer(this.#timer);
    this.#env.clearTimer(this.#watch);
    const transport = this.#transport;
    this.#transport = null;
    this.#asked = null;
    if (transport) {
      // Its close event must not be taken for the next connection's.
      transport.close();
    }
  }
}
