import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError, type HistoryRequest } from '../src/api/client';
import type { History } from '../src/api/types';
import { HostFeed } from '../src/charts/host_feed';

const KEY = 'system.cpu.load_average.1m';
const history = (request: HistoryRequest, t: number[]): History => {
  const inside = t.filter((at) => at >= request.from && at <= request.to);
  const shape = { name: KEY, attributes: {}, unit: '1', t: inside };
  return { tier: 'raw', step: request.step, incomplete: [], series: [request.step === 0 ? { ...shape, value: inside } : { ...shape, avg: inside, min: inside, max: inside }] };
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

let now = 100;
let stored: number[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  now = 100;
  stored = range(1, 100);
});
afterEach(() => void vi.useRealTimers());
const wait = async (seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    now += 1;
    await vi.advanceTimersByTimeAsync(1000);
  }
};

interface Made {
  feed: HostFeed;
  told: string[];
  asked: HistoryRequest[];
  values(from: number, count: number): (number | null)[];
}
function feedWith(answer: (request: HistoryRequest) => Promise<History> = async (request) => history(request, stored), view = { step: 1, range: 60 }): Made {
  const told: string[] = [];
  const asked: HistoryRequest[] = [];
  const fetchHistory = (request: HistoryRequest): Promise<History> => {
    asked.push(request);
    return answer(request);
  };
  const feed = new HostFeed('h', { ...view, end: null }, { now: () => now, fetchHistory, onData: () => undefined, onLoad: (state) => told.push(state) });
  return {
    feed, told, asked,
    values: (from, count) => {
      const out: (number | null)[] = [];
      feed.buffer.read(KEY, from, count, out);
      return out;
    },
  };
}

test('live ticks that came while history was fetched join it without gap or duplicate', async () => {
  const answers: (() => void)[] = [];
  const { feed, values, asked } = feedWith((request) => new Promise((resolve) => {
    // History answers late and includes ticks that also came live.
    answers.push(() => resolve(history(request, range(1, 101))));
  }));
  const loaded = feed.reload();
  feed.snapshot(['t', KEY], [[100, 100]]);
  feed.delta([[101, 101]], null);
  feed.delta([[102, 102]], null);
  answers.forEach((go) => go());
  await loaded;
  feed.delta([[103, 103]], null);
  expect(values(42, 62)).toEqual(range(42, 103));
  expect(asked.map((r) => r.step)).toEqual([1, 0]);
  await wait(120);
  expect(asked.length).toBe(2);
});

test('ticks that waited under another header are not lost', async () => {
  const { feed, values } = feedWith();
  const loaded = feed.reload();
  feed.snapshot(['t', KEY], [[101, 101]]);
  feed.delta([[102, 7, 102]], ['t', 'system.cpu.load_average.5m', KEY]);
  await loaded;
  expect(values(99, 4)).toEqual([99, 100, 101, 102]);
});

test('after a minute offline the snapshot is empty and the first delta shows what is missing: it is fetched', async () => {
  const { feed, values, asked } = feedWith();
  await feed.reload();
  feed.snapshot(['t', KEY], []);
  feed.delta([[101, 101]], null);
  await wait(70);
  stored = range(1, 171);
  feed.snapshot([], []);
  feed.delta([[171, 171]], ['t', KEY]);
  await wait(1);
  feed.delta([[172, 172]], null);
  expect(values(112, 61)).toEqual(range(112, 172));
  await wait(120);
  expect(asked.length).toBe(4);
});

test('what came between history and the first tick of a slow connection is fetched', async () => {
  const { feed, values } = feedWith();
  await feed.reload();
  await wait(8);
  stored = range(1, 108);
  feed.snapshot([], []);
  feed.delta([[108, 108]], ['t', KEY]);
  await wait(1);
  expect(values(99, 10)).toEqual(range(99, 108));
});

test('a gap that the agent fills late is asked for again, at a bounded rate, until it is there', async () => {
  const { feed, values, asked } = feedWith();
  await feed.reload();
  feed.snapshot(['t', KEY], [[100, 100]]);
  await wait(20);
  stored = [...range(1, 100), 120];
  feed.delta([[120, 120]], null);
  await wait(6);
  expect(values(100, 21)).toEqual([100, ...Array.from({ length: 19 }, () => null), 120]);
  stored = range(1, 126);
  await wait(10);
  expect(values(100, 21)).toEqual(range(100, 120));
  const loads = asked.length / 2;
  await wait(300);
  expect([loads, asked.length / 2]).toEqual([4, 4]);
});

test('a gap that stays is not asked for for ever', async () => {
  const { feed, asked } = feedWith();
  await feed.reload();
  feed.snapshot(['t', KEY], [[100, 100]]);
  feed.delta([[150, 150]], null);
  await wait(600);
  expect(asked.length / 2).toBe(7);
});

test('a resumed stream of deltas fetches nothing', async () => {
  const { feed, asked } = feedWith();
  await feed.reload();
  feed.snapshot(['t', KEY], [[100, 1]]);
  feed.delta([[101, 1], [102, 1], [103, 1]], null);
  await wait(60);
  expect(asked.length).toBe(2);
});

test('a host that samples every ten seconds has no gaps between them', async () => {
  stored = range(1, 10).map((n) => n * 10);
  const { feed, asked } = feedWith(undefined, { step: 1, range: 60 });
  await feed.reload();
  for (let t = 110; t <= 200; t += 10) feed.delta([[t, 1]], t === 110 ? ['t', KEY] : null);
  feed.snapshot(['t', KEY], []);
  await wait(20);
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('when history does not answer, live ticks show all the same', async () => {
  const { feed, values } = feedWith(async () => Promise.reject(new Error('no')));
  feed.snapshot(['t', KEY], [[100, 5]]);
  await feed.reload();
  feed.delta([[101, 6]], null);
  expect(values(100, 2)).toEqual([5, 6]);
});

test('a failed load is tried again with back-off, and at once when the connection opens', async () => {
  let fails = true;
  const { feed, told, asked } = feedWith(async (request) => (fails ? Promise.reject(new ApiError(503, 'busy')) : history(request, stored)));
  await feed.reload();
  expect(told.at(-1)).toBe('failed');
  await wait(60);
  expect(asked.length / 2).toBeGreaterThanOrEqual(4);
  expect(asked.length / 2).toBeLessThanOrEqual(6);
  fails = false;
  feed.opened();
  await wait(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(told.at(-1)).toBe('ready');
  const loads = asked.length;
  feed.opened();
  await wait(120);
  expect(asked.length).toBe(loads);
});

test('what the collector calls wrong is not asked again', async () => {
  const { feed, asked } = feedWith(async () => Promise.reject(new ApiError(404, 'no such host')));
  await feed.reload();
  await wait(120);
  expect(asked.length).toBe(2);
});

test('a fixed span takes no live ticks into the chart but keeps the current values', async () => {
  const { feed, values, asked } = feedWith(async (request) => history(request, [50]));
  feed.show({ step: 1, range: 20, end: 60 });
  await vi.waitFor(() => expect(values(50, 1)).toEqual([50]));
  feed.snapshot(['t', KEY], [[100, 7]]);
  feed.delta([[170, 8]], null);
  await wait(60);
  expect(values(100, 1)).toEqual([null]);
  expect(feed.latest.get(KEY)).toBe(8);
  expect(asked.length).toBe(1);
});

test('a closed page asks nothing more', async () => {
  const { feed, asked } = feedWith();
  await feed.reload();
  feed.snapshot(['t', KEY], [[100, 100]]);
  feed.delta([[150, 150]], null);
  feed.close();
  await wait(120);
  expect(asked.length).toBe(2);
});
