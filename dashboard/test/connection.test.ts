import { beforeEach, expect, test, vi } from 'vitest';
import type { LiveMessage, LiveRequest } from '../src/api/types';
import { BACKOFF_MOST_MS, FIRST_EVENT_MS, LiveConnection, POLLING_SILENCE_MS, SILENCE_MS, type LiveState } from '../src/live/connection';
import { WEBSOCKET_AGAIN_MS } from '../src/live/ladder';
import type { OpenTransport, TransportEvents, TransportKind } from '../src/live/transport';

interface Fake {
  kind: TransportKind;
  events: TransportEvents;
  sent: LiveRequest[];
  closed: boolean;
}

let now = 0;
let timers: { at: number; callback: () => void; id: number }[] = [];
let nextId = 0;
let opened: Fake[] = [];
let states: LiveState[] = [];
let login: () => Promise<boolean>;
let random = 0.5;

beforeEach(() => {
  now = 1_000_000;
  timers = [];
  opened = [];
  states = [];
  random = 0.5;
  login = async () => true;
});

/** Runs due timers in order, as a browser would. */
function advance(ms: number): void {
  const end = now + ms;
  for (;;) {
    timers.sort((a, b) => a.at - b.at);
    const next = timers[0];
    if (!next || next.at > end) break;
    timers.shift();
    now = Math.max(now, next.at);
    next.callback();
  }
  now = end;
}

const opener =
  (kind: TransportKind): OpenTransport =>
  (events) => {
    const fake: Fake = { kind, events, sent: [], closed: false };
    opened.push(fake);
    return { send: (request) => fake.sent.push(request), close: () => { fake.closed = true; events.close(1000, ''); } };
  };
const make = (): LiveConnection =>
  new LiveConnection({
    open: { websocket: opener('websocket'), events: opener('events'), polling: opener('polling') },
    now: () => now,
    random: () => random,
    setTimer: (callback, ms) => {
      timers.push({ at: now + ms, callback, id: ++nextId });
      return nextId;
    },
    clearTimer: (id) => { timers = timers.filter((t) => t.id !== id); },
    hasLogin: () => login(),
    onState: (state) => states.push(state),
    onError: () => undefined,
  });

const sink = () => ({ snapshot: vi.fn(), delta: vi.fn() });
const snapshot = (topic: string, more: object = {}): LiveMessage => ({ type: 'snapshot', topic, cursor: 'r-1', header: ['id'], rows: [['a']], ...more }) as LiveMessage;
const last = (): Fake => opened.at(-1) as Fake;
const flush = async (): Promise<void> => { for (let i = 0; i < 5; i++) await Promise.resolve(); };

test('subscribes to its topics once open and tells the delay of the first answer', () => {
  const live = make();
  const fleet = sink();
  live.subscribe('fleet', fleet);
  live.start();
  last().events.open();
  expect(last().sent).toEqual([{ op: 'subscribe', topics: ['fleet'] }]);
  now += 38;
  last().events.message(snapshot('fleet'));
  expect(live.state).toEqual({ kind: 'open', delay: 38, transport: 'websocket' });
  expect(fleet.snapshot).toHaveBeenCalledWith(['id'], [['a']]);
});

test('puts a snapshot in parts together', () => {
  const live = make();
  const fleet = sink();
  live.subscribe('fleet', fleet);
  live.start();
  last().events.open();
  last().events.message(snapshot('fleet', { part: 1, parts: 2 }));
  expect(fleet.snapshot).not.toHaveBeenCalled();
  last().events.message(snapshot('fleet', { part: 2, parts: 2, rows: [['b']] }));
  expect(fleet.snapshot).toHaveBeenCalledWith(['id'], [['a'], ['b']]);
});

test('resumes by cursor what it knows and subscribes anew to what it never got', () => {
  const live = make();
  live.subscribe('fleet', sink());
  live.start();
  last().events.open();
  last().events.message(snapshot('fleet', { cursor: 'r-7' }));
  live.subscribe('host/x', sink());
  last().events.message({ type: 'beat', cursor: 'r-9' });
  last().events.close(1006, '');
  advance(1000);
  last().events.open();
  expect(last().sent).toEqual([
    { op: 'subscribe', topics: ['fleet'], cursor: 'r-9' },
    { op: 'subscribe', topics: ['host/x'] },
  ]);
});

test('backs off with full jitter, doubling up to half a minute', () => {
  const live = make();
  live.subscribe('fleet', sink());
  live.start();
  random = 1;
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    last().events.open(); // an accepted handshake alone doesn't reset the back-off
    last().events.close(1012, 'restarting');
    const state = live.state;
    if (state.kind !== 'waiting') throw new Error(state.kind);
    waits.push(state.until - now);
    advance(state.until - now);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  random = 0.25;
  last().events.open();
  last().events.message({ type: 'beat', cursor: 'r-1' });
  last().events.close(1012, 'restarting');
  expect(live.state).toMatchObject({ kind: 'waiting', until: now + 250 });
});

test('each close code is a cause of its own, with the words of the collector', () => {
  const causes: string[] = [];
  for (const [code, words] of [[4408, 'too slow'], [1012, 'collector restarting'], [1006, ''], [4999, 'new in 2031']] as const) {
    const live = make();
    live.start();
    last().events.open();
    last().events.close(code, words);
    if (live.state.kind !== 'waiting') throw new Error(live.state.kind);
    causes.push(`${live.state.cause}: ${live.state.words}`);
    live.stop();
  }
  expect(causes).toEqual(['slow: too slow', 'restarting: collector restarting', 'broken: ', 'fault: new in 2031']);
});

test('4401 ends it: the login is over', () => {
  const live = make();
  live.start();
  last().events.open();
  last().events.close(4401, 'login ended');
  expect(live.state.kind).toBe('signed-out');
  advance(120_000);
  expect(opened.length).toBe(1);
});

test('a refused handshake asks why: no login means signed out', async () => {
  login = async () => false;
  const live = make();
  live.start();
  last().events.close(1006, '');
  await flush();
  expect(live.state.kind).toBe('signed-out');
});

test('a refused handshake with a good login, or with nobody answering, is tried again', async () => {
  for (const answer of [async () => true, async () => Promise.reject(new Error('down'))]) {
    login = answer;
    const live = make();
    live.start();
    last().events.close(1006, '');
    await flush();
    expect(live.state.kind).toBe('waiting');
    live.stop();
  }
});

test('silence for 15 s ends the connection and tries again', () => {
  const live = make();
  live.start();
  last().events.open();
  last().events.message({ type: 'beat', cursor: 'r-1' });
  advance(SILENCE_MS - 1000);
  expect(live.state.kind).toBe('open');
  advance(3000);
  expect(opened[0]?.closed).toBe(true);
  expect(opened.length).toBe(2);
  expect(states.some((s) => s.kind === 'waiting' && s.cause === 'silent')).toBe(true);
});

test('a tab that slept reads what waits before it judges silence', () => {
  const live = make();
  live.start();
  last().events.open();
  last().events.message({ type: 'beat', cursor: 'r-1' });
  now += 60_000; // frozen: the timer fires late
  advance(0);
  expect(live.state.kind).toBe('open');
  last().events.message({ type: 'beat', cursor: 'r-2' });
  advance(5000);
  expect(live.state.kind).toBe('open');
});

test('nudge tries at once while waiting, and once only', () => {
  const live = make();
  live.start();
  last().events.open();
  last().events.close(1006, '');
  live.nudge();
  live.nudge();
  expect(opened.length).toBe(2);
  advance(BACKOFF_MOST_MS / 3);
  expect(opened.length).toBe(2);
});

test('messages of an old connection are not taken for the new one', () => {
  const live = make();
  const fleet = sink();
  live.subscribe('fleet', fleet);
  live.start();
  const old = last();
  old.events.open();
  old.events.close(1006, '');
  advance(BACKOFF_MOST_MS);
  old.events.message(snapshot('fleet'));
  expect(fleet.snapshot).not.toHaveBeenCalled();
});

test('a delta before the first snapshot is dropped', () => {
  const live = make();
  const fleet = sink();
  live.subscribe('fleet', fleet);
  live.start();
  last().events.open();
  last().events.message({ type: 'delta', topic: 'fleet', cursor: 'r-1', rows: [['a']] });
  expect(fleet.delta).not.toHaveBeenCalled();
});

/** Refuses the WebSocket as a proxy does that knows none, until the connection has gone on to events. */
async function blockWebSocket(live: LiveConnection): Promise<void> {
  live.start();
  for (let i = 0; i < 2; i++) {
    expect(last().kind).toBe('websocket');
    last().events.close(1006, '');
    await flush();
    if (i === 0) advance(1000);
  }
}

test('a WebSocket that is refused twice while the collector answers gives way to events', async () => {
  const live = make();
  const fleet = sink();
  live.subscribe('fleet', fleet);
  await blockWebSocket(live);
  expect(last().kind).toBe('events');
  last().events.open();
  expect(last().sent).toEqual([{ op: 'subscribe', topics: ['fleet'] }]);
  last().events.message(snapshot('fleet'));
  expect(live.state).toMatchObject({ kind: 'open', transport: 'events' });
  expect(fleet.snapshot).toHaveBeenCalled();
});

test('a collector that does not answer is no reason to change the transport', async () => {
  login = async () => Promise.reject(new Error('down'));
  const live = make();
  live.start();
  for (let i = 0; i < 6; i++) {
    last().events.close(1006, '');
    await flush();
    advance(BACKOFF_MOST_MS);
  }
  expect(opened.every((fake) => fake.kind === 'websocket')).toBe(true);
});

test('events that are held back on the way give way to polling, which is patient', async () => {
  const live = make();
  await blockWebSocket(live);
  last().events.open();
  advance(FIRST_EVENT_MS + 2000);
  await flush();
  expect(last().kind).toBe('polling');
  last().events.open();
  last().events.message({ type: 'beat', cursor: 'r-1' });
  advance(POLLING_SILENCE_MS - 2000);
  expect(live.state).toMatchObject({ kind: 'open', transport: 'polling' });
  advance(4000);
  expect(states.some((s) => s.kind === 'waiting' && s.cause === 'silent')).toBe(true);
  advance(1000);
  expect(last().kind).toBe('polling');
});

test('the WebSocket gets a new chance after a while, and the transport that worked takes over again', async () => {
  const live = make();
  live.subscribe('fleet', sink());
  await blockWebSocket(live);
  last().events.open();
  last().events.message(snapshot('fleet', { cursor: 'r-7' }));
  for (let passed = 0; passed <= WEBSOCKET_AGAIN_MS; passed += 5000) {
    if (last().kind === 'events') last().events.message({ type: 'beat', cursor: 'r-8' });
    advance(5000);
  }
  expect(last().kind).toBe('websocket');
  last().events.close(1006, '');
  await flush();
  expect(last().kind).toBe('events');
  last().events.open();
  expect(last().sent).toEqual([{ op: 'subscribe', topics: ['fleet'], cursor: 'r-8' }]);
});

test('a login that ended on another transport is over too', async () => {
  const live = make();
  await blockWebSocket(live);
  last().events.open();
  last().events.close(4401, 'your login ended');
  expect(live.state.kind).toBe('signed-out');
});
