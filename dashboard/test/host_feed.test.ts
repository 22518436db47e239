import { expect, test, vi } from 'vitest';
import type { HistoryRequest } from '../src/api/client';
import type { History } from '../src/api/types';
import { HostFeed } from '../src/charts/host_feed';

const KEY = 'system.cpu.load_average.1m';
const history = (request: HistoryRequest, t: number[]): History => {
  const series = { name: KEY, attributes: {}, unit: '1', t, min: t, max: t };
  return { tier: 'raw', step: request.step, series: [request.step === 0 ? { name: KEY, attributes: {}, unit: '1', t, value: t } : { ...series, avg: t }] };
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function feedWith(answer: (request: HistoryRequest) => Promise<History>): { feed: HostFeed; values(from: number, count: number): (number | null)[] } {
  const feed = new HostFeed('h', { step: 1, range: 60, end: null }, { now: () => 100, fetchHistory: answer, onData: () => undefined, onLoad: () => undefined });
  return {
    feed,
    values: (from, count) => {
      const out: (number | null)[] = [];
      feed.buffer.read(KEY, from, count, out);
      return out;
    },
  };
}

test('live ticks that came while history was fetched join it without gap or duplicate', async () => {
  let answer: (() => void)[] = [];
  const asked: HistoryRequest[] = [];
  const { feed, values } = feedWith((request) => new Promise((resolve) => {
    asked.push(request);
    // History answers late and includes ticks that also came live.
    answer.push(() => resolve(history(request, request.step === 0 ? [100, 101] : range(40, 99))));
  }));
  const loaded = feed.reload();
  feed.snapshot(['t', KEY], [[100, 100]]);
  feed.delta([[101, 101]], null);
  feed.delta([[102, 102]], null);
  answer.forEach((go) => go());
  answer = [];
  await loaded;
  feed.delta([[103, 103]], null);
  expect(values(95, 9)).toEqual(range(95, 103));
  expect(asked.map((r) => r.step)).toEqual([1, 0]);
  expect(asked[0]?.to).toBeLessThan(100);
});

test('a snapshot after a break fetches what lies between', async () => {
  const fetch = vi.fn(async (request: HistoryRequest) => history(request, []));
  const { feed } = feedWith(fetch);
  feed.snapshot(['t', KEY], [[100, 1]]);
  await feed.reload();
  feed.delta([[101, 1], [102, 1]], null);
  expect(fetch).toHaveBeenCalledTimes(2);
  feed.snapshot(['t', KEY], [[140, 1]]);
  expect(fetch).toHaveBeenCalledTimes(4);
});

test('a resumed stream of deltas fetches nothing', async () => {
  const fetch = vi.fn(async (request: HistoryRequest) => history(request, []));
  const { feed } = feedWith(fetch);
  feed.snapshot(['t', KEY], [[100, 1]]);
  await feed.reload();
  feed.delta([[101, 1], [102, 1], [103, 1]], null);
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('when history does not answer, live ticks show all the same', async () => {
  const { feed, values } = feedWith(async () => Promise.reject(new Error('no')));
  feed.snapshot(['t', KEY], [[100, 5]]);
  await feed.reload();
  feed.delta([[101, 6]], null);
  expect(values(100, 2)).toEqual([5, 6]);
});

test('a fixed span takes no live ticks into the chart but keeps the current values', async () => {
  const { feed, values } = feedWith(async (request) => history(request, [50]));
  feed.show({ step: 1, range: 20, end: 60 });
  await vi.waitFor(() => expect(values(50, 1)).toEqual([50]));
  feed.snapshot(['t', KEY], [[100, 7]]);
  expect(values(100, 1)).toEqual([null]);
  expect(feed.latest.get(KEY)).toBe(7);
});
