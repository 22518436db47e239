import { beforeEach, expect, test, vi } from 'vitest';
import type { LiveMessage } from '../src/api/types';
import type { TransportEvents } from '../src/live/transport';
import { watchWith } from '../src/live/watch';

interface Asked {
  topics: string[];
  cursor: string | null;
  events: TransportEvents;
  stopped: boolean;
}

let asked: Asked[] = [];
beforeEach(() => {
  asked = [];
});

const open = watchWith((topics, cursor, events) => {
  const request: Asked = { topics, cursor, events, stopped: false };
  asked.push(request);
  return { stop: () => { request.stopped = true; } };
});
const listener = () => ({ open: vi.fn(), message: vi.fn(), close: vi.fn() });
const flush = async (): Promise<void> => { for (let i = 0; i < 5; i++) await Promise.resolve(); };
const beat = (cursor: string): LiveMessage => ({ type: 'beat', cursor });
const what = (): unknown[] => asked.map(({ topics, cursor, stopped }) => ({ topics, cursor, stopped }));

test('opens by itself, and asks once for all that is subscribed in one turn', async () => {
  const events = listener();
  const transport = open(events);
  await flush();
  expect(events.open).toHaveBeenCalledOnce();
  expect(asked).toEqual([]);
  transport.send({ op: 'subscribe', topics: ['fleet'] });
  transport.send({ op: 'subscribe', topics: ['alerts'] });
  await flush();
  expect(what()).toEqual([{ topics: ['fleet', 'alerts'], cursor: null, stopped: false }]);
});

test('resumes by the cursor only if it stands for all topics', async () => {
  const known = open(listener());
  known.send({ op: 'subscribe', topics: ['fleet'], cursor: 'r-7' });
  await flush();
  const mixed = open(listener());
  mixed.send({ op: 'subscribe', topics: ['fleet'], cursor: 'r-7' });
  mixed.send({ op: 'subscribe', topics: ['host/x'] });
  await flush();
  expect(asked.map((a) => a.cursor)).toEqual(['r-7', null]);
});

test('a new topic is asked for with all others, with snapshots, and the old request is deaf', async () => {
  const events = listener();
  const transport = open(events);
  transport.send({ op: 'subscribe', topics: ['fleet'] });
  await flush();
  asked[0]?.events.message(beat('r-1'));
  transport.send({ op: 'subscribe', topics: ['host/x'] });
  await flush();
  expect(what()).toEqual([
    { topics: ['fleet'], cursor: null, stopped: true },
    { topics: ['fleet', 'host/x'], cursor: null, stopped: false },
  ]);
  asked[0]?.events.message(beat('r-2'));
  asked[0]?.events.close(1006, '');
  expect(events.message).toHaveBeenCalledOnce();
  expect(events.close).not.toHaveBeenCalled();
});

test('a topic that is let go costs no new request', async () => {
  const transport = open(listener());
  transport.send({ op: 'subscribe', topics: ['fleet', 'host/x'] });
  await flush();
  transport.send({ op: 'unsubscribe', topics: ['host/x'] });
  await flush();
  expect(asked.length).toBe(1);
  transport.send({ op: 'unsubscribe', topics: ['fleet'] });
  await flush();
  expect(asked[0]?.stopped).toBe(true);
});

test('ends once, with what the request says or when it is closed', async () => {
  const events = listener();
  const transport = open(events);
  transport.send({ op: 'subscribe', topics: ['fleet'] });
  await flush();
  asked[0]?.events.close(4401, 'your login ended');
  transport.close();
  expect(events.close.mock.calls).toEqual([[4401, 'your login ended']]);
});

test('a topic that was refused is left out of what is asked for next', async () => {
  const transport = open(listener());
  transport.send({ op: 'subscribe', topics: ['fleet', 'host/x'] });
  await flush();
  asked[0]?.events.message({ type: 'error', message: 'Host web was revoked', topic: 'host/x' });
  transport.send({ op: 'subscribe', topics: ['alerts'] });
  await flush();
  expect(asked[1]?.topics).toEqual(['fleet', 'alerts']);
});
