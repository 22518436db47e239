// One transport for all tabs of a browser: the tab that holds a lock has it, the others tell it their topics and hear what
// it hears. When that tab goes, the lock goes to the next, which asks anew.
//
// For transports of HTTP, of which a browser allows a site six at once.

import { base } from '../api/base';
import type { LiveMessage, LiveRequest } from '../api/types';
import { once, type OpenTransport, type Transport } from './transport';

type Note =
  | { kind: 'want'; tab: string; topics: string[] }
  | { kind: 'leave'; tab: string }
  /** A tab that begins to lead asks what the others want. */
  | { kind: 'ask' }
  | { kind: 'message'; message: LiveMessage }
  | { kind: 'close'; code: number; reason: string };

/** `inner` itself where the browser has no locks (plain HTTP). Collectors of one origin have a base each, so their tabs don't mix. */
export const shared =
  (name: string, inner: OpenTransport): OpenTransport =>
  (events) =>
    'locks' in navigator && 'BroadcastChannel' in globalThis ? join(`vedette-live-${base}-${name}`, inner, once(events)) : inner(events);

function join(name: string, inner: OpenTransport, to: ReturnType<typeof once>): Transport {
  const tab = crypto.randomUUID();
  const channel = new BroadcastChannel(name);
  const mine = new Set<string>();
  const lock = new AbortController();
  let lead: Lead | null = null;
  let left = false;

  // A page that is being left still takes its topics back.
  const say = (note: Note): void => {
    if (!left) channel.postMessage(note);
  };
  const want = (): void => {
    if (lead) lead.want(tab, [...mine]);
    else say({ kind: 'want', tab, topics: [...mine] });
  };
  const hear = (message: LiveMessage): void => {
    // What another tab did wrong is shown there.
    if (message.type === 'error' && message.topic && !mine.has(message.topic)) return;
    to.message(message);
  };
  const leave = (): void => {
    removeEventListener('pagehide', leave);
    if (lead) lead.stop();
    else say({ kind: 'leave', tab });
    lead = null;
    left = true;
    lock.abort();
    channel.close();
  };
  const end = (code: number, reason: string): void => {
    leave();
    to.close(code, reason);
  };

  channel.onmessage = (event: MessageEvent<Note>) => {
    const note = event.data;
    if (note.kind === 'want') lead?.want(note.tab, note.topics);
    else if (note.kind === 'leave') lead?.leave(note.tab);
    else if (lead) return;
    else if (note.kind === 'ask') want();
    else if (note.kind === 'message') hear(note.message);
    else end(note.code, note.reason);
  };
  addEventListener('pagehide', leave);
  navigator.locks
    .request(name, { signal: lock.signal }, () =>
      new Promise<void>((release) => {
        if (left) return release();
        lead = new Lead(inner, {
          message: (message) => {
            say({ kind: 'message', message });
            hear(message);
          },
          close: (code, reason) => {
            say({ kind: 'close', code, reason });
            end(code, reason);
          },
          released: release,
        });
        lead.want(tab, [...mine]);
        say({ kind: 'ask' });
      }),
    )
    .catch(() => undefined); // left before it was our turn
  queueMicrotask(() => to.open());
  return {
    send: (request) => {
      for (const topic of request.topics) {
        if (request.op === 'subscribe') mine.add(topic);
        else mine.delete(topic);
      }
      want();
    },
    close: () => end(1000, ''),
  };
}

interface LeadEvents {
  message(message: LiveMessage): void;
  close(code: number, reason: string): void;
  released(): void;
}

/** The tab that has the transport: asks for what all tabs want together. */
class Lead {
  #wants = new Map<string, Set<string>>();
  #asked = new Set<string>();
  #waiting: LiveRequest[] = [];
  #open = false;
  #stopped = false;
  #events: LeadEvents;
  #inner: Transport;

  constructor(inner: OpenTransport, events: LeadEvents) {
    this.#events = events;
    this.#inner = inner({
      open: () => {
        this.#open = true;
        for (const request of this.#waiting.splice(0)) this.#inner.send(request);
      },
      message: (message) => events.message(message),
      close: (code, reason) => {
        if (!this.#stopped) events.close(code, reason);
      },
    });
  }

  /** A tab's topics. Those it didn't want before are asked for again, whoever else has them: it needs a snapshot. */
  want(tab: string, topics: string[]): void {
    const before = this.#wants.get(tab) ?? new Set();
    this.#wants.set(tab, new Set(topics));
    const fresh = topics.filter((topic) => !before.has(topic));
    for (const topic of fresh) this.#asked.add(topic);
    if (fresh.length) this.#send({ op: 'subscribe', topics: fresh });
    this.#dropUnwanted();
  }

  leave(tab: string): void {
    this.#wants.delete(tab);
    this.#dropUnwanted();
  }

  stop(): void {
    this.#stopped = true;
    this.#inner.close();
    this.#events.released();
  }

  #dropUnwanted(): void {
    const unwanted = [...this.#asked].filter((topic) => ![...this.#wants.values()].some((topics) => topics.has(topic)));
    for (const topic of unwanted) this.#asked.delete(topic);
    if (unwanted.length) this.#send({ op: 'unsubscribe', topics: unwanted });
  }

  #send(request: LiveRequest): void {
    if (this.#open) this.#inner.send(request);
    else this.#waiting.push(request);
  }
}
