import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LiveMessage, LiveRequest } from '../src/api/types';
import { shared } from '../src/live/shared';
import type { TransportEvents } from '../src/live/transport';

// One page stands for several tabs: the channel delivers to all others, the lock goes from one to the next.
class Channel {
  static all: Channel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  #closed = false;
  constructor(readonly name: string) {
    Channel.all.push(this);
  }
  postMessage(data: unknown): void {
    if (this.#closed) throw new Error('closed');
    const copy = JSON.stringify(data);
    for (const other of Channel.all) {
      if (other !== this && other.name === this.name) queueMicrotask(() => other.onmessage?.({ data: JSON.parse(copy) }));
    }
  }
  close(): void {
    this.#closed = true;
    Channel.all = Channel.all.filter((channel) => channel !== this);
  }
}
class Locks {
  #queue: { run: () => Promise<void>; signal: AbortSignal }[] = [];
  #held = false;
  request(_: string, { signal }: { signal: AbortSignal }, run: () => Promise<void>): Promise<void> {
    this.#queue.push({ run, signal });
    queueMicrotask(() => void this.#next());
    return new Promise(() => undefined);
  }
  async #next(): Promise<void> {
    if (this.#held) return;
    const next = this.#queue.shift();
    if (!next) return;
    if (next.signal.aborted) return this.#next();
    this.#held = true;
    await next.run();
    this.#held = false;
    await this.#next();
  }
}

interface Inner {
  events: TransportEvents;
  sent: LiveRequest[];
  closed: boolean;
}
let inners: Inner[] = [];
beforeEach(() => {
  inners = [];
  Channel.all = [];
  vi.stubGlobal('BroadcastChannel', Channel);
  Object.defineProperty(navigator, 'locks', { value: new Locks(), configurable: true });
});
afterEach(() => vi.unstubAllGlobals());

const flush = async (): Promise<void> => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
const openTab = () => {
  const events = { open: vi.fn(), message: vi.fn(), close: vi.fn() };
  const transport = shared('events', (to) => {
    const inner: Inner = { events: to, sent: [], closed: false };
    inners.push(inner);
    queueMicrotask(() => to.open());
    return { send: (request) => inner.sent.push(request), close: () => { inner.closed = true; } };
  })(events);
  return { events, transport };
};
const snapshot: LiveMessage = { type: 'snapshot', topic: 'fleet', cursor: 'r-1', header: ['id'], rows: [] };

test('tabs share one transport and hear the same', async () => {
  const first = openTab();
  first.transport.send({ op: 'subscribe', topics: ['fleet'] });
  await flush();
  const second = openTab();
  second.transport.send({ op: 'subscribe', topics: ['fleet', 'host/x'] });
  await flush();
  expect(inners.length).toBe(1);
  expect(inners[0]?.sent).toEqual([
    { op: 'subscribe', topics: ['fleet'] },
    { op: 'subscribe', topics: ['fleet', 'host/x'] }, // the newcomer needs a snapshot of both
  ]);
  inners[0]?.events.message(snapshot);
  await flush();
  expect(first.events.message.mock.calls).toEqual([[snapshot]]);
  expect(second.events.message.mock.calls).toEqual([[snapshot]]);
});

test('when the tab that has it goes, the next takes over and asks for what all want', async () => {
  const first = openTab();
  const second = openTab();
  const third = openTab();
  first.transport.send({ op: 'subscribe', topics: ['fleet'] });
  second.transport.send({ op: 'subscribe', topics: ['alerts'] });
  third.transport.send({ op: 'subscribe', topics: ['host/x'] });
  await flush();
  first.transport.close();
  await flush();
  expect(inners[0]?.closed).toBe(true);
  expect(inners.length).toBe(2);
  expect(inners[1]?.sent.flatMap((request) => request.topics).sort()).toEqual(['alerts', 'host/x']);
  expect(second.events.close).not.toHaveBeenCalled();
  inners[1]?.events.message(snapshot);
  await flush();
  expect(third.events.message).toHaveBeenCalledOnce();
});

test('what nobody wants any more is let go, what a closed tab shared with another is kept', async () => {
  const first = openTab();
  const second = openTab();
  first.transport.send({ op: 'subscribe', topics: ['fleet'] });
  second.transport.send({ op: 'subscribe', topics: ['fleet', 'host/x'] });
  await flush();
  second.transport.close();
  await flush();
  expect(inners[0]?.sent.at(-1)).toEqual({ op: 'unsubscribe', topics: ['host/x'] });
});

test('the end of the transport is the end for all, with code and reason', async () => {
  const first = openTab();
  const second = openTab();
  await flush();
  inners[0]?.events.close(1012, 'collector restarting');
  await flush();
  expect(first.events.close.mock.calls).toEqual([[1012, 'collector restarting']]);
  expect(second.events.close.mock.calls).toEqual([[1012, 'collector restarting']]);
  openTab();
  await flush();
  expect(inners.length).toBe(2);
});

test('an error about another tab’s topic is shown there only', async () => {
  const first = openTab();
  const second = openTab();
  first.transport.send({ op: 'subscribe', topics: ['fleet'] });
  second.transport.send({ op: 'subscribe', topics: ['host/x'] });
  await flush();
  inners[0]?.events.message({ type: 'error', topic: 'host/x', message: 'There is no host x.' });
  await flush();
  expect(first.events.message).not.toHaveBeenCalled();
  expect(second.events.message).toHaveBeenCalledOnce();
});

test('a tab that was left or closed may take its topics back, and says nothing', async () => {
  const first = openTab();
  await flush();
  first.transport.send({ op: 'subscribe', topics: ['fleet'] });
  const second = openTab();
  await flush();
  for (const { transport } of [second, first]) {
    dispatchEvent(new Event('pagehide'));
    expect(() => transport.send({ op: 'unsubscribe', topics: ['fleet'] })).not.toThrow();
    expect(() => transport.close()).not.toThrow();
  }
  expect(inners.every((inner) => inner.closed)).toBe(true);
});
