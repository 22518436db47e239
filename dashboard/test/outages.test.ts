import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outage } from '../src/api/types';
import { Outages } from '../src/state/outages.svelte';

let now = 1000;
let list: Outage[] = [];
let fails = false;
const fetch = vi.fn(async () => {
  if (fails) throw new Error('no');
  return list;
});
const onExplained = vi.fn();
const outage = (to: number | null, correction = '', status: Outage['status'] = 'lost'): Outage => ({ from: 900, to, status, reason: 'r', correction, notified: false });
const wait = async (seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    now += 1;
    await vi.advanceTimersByTimeAsync(1000);
  }
};
const loaded = async (): Promise<Outages> => {
  const outages = new Outages('h', { now: () => now, fetch, onExplained });
  await outages.load(500);
  return outages;
};

beforeEach(() => {
  vi.useFakeTimers();
  now = 1000;
  fails = false;
  fetch.mockClear();
  onExplained.mockClear();
});
afterEach(() => void vi.useRealTimers());

test('history is loaded again when the outage gets its correction, also after minutes of backfill', async () => {
  list = [outage(1000)];
  const outages = await loaded();
  await wait(600);
  expect(onExplained).not.toHaveBeenCalled();
  const polls = fetch.mock.calls.length;
  expect(polls).toBeGreaterThan(10);
  expect(polls).toBeLessThan(25);
  list = [outage(1000, 'host was up; network cut 00:15–00:16')];
  await wait(61);
  expect(onExplained).toHaveBeenCalledTimes(1);
  expect(outages.list[0]?.correction).not.toBe('');
  const done = fetch.mock.calls.length;
  await wait(600);
  expect(fetch.mock.calls.length).toBe(done);
});

test('nothing is polled while an outage lasts, after an announced stop, or for what was explained before', async () => {
  for (const one of [outage(null), outage(1000, '', 'stopped'), outage(1000, 'rebooted at 00:16')]) {
    list = [one];
    const outages = await loaded();
    fetch.mockClear();
    await wait(300);
    expect(fetch).not.toHaveBeenCalled();
    outages.close();
  }
  expect(onExplained).not.toHaveBeenCalled();
});

test('an outage that nobody explains is not asked about for ever', async () => {
  list = [outage(1000)];
  await loaded();
  await wait(4000);
  fetch.mockClear();
  await wait(600);
  expect(fetch).not.toHaveBeenCalled();
});

test('a failed answer keeps the list and is tried again; a closed page asks nothing', async () => {
  list = [outage(1000, 'x')];
  const outages = await loaded();
  fails = true;
  await outages.load();
  expect(outages.list).toEqual(list);
  fetch.mockClear();
  await wait(31);
  expect(fetch).toHaveBeenCalledTimes(1);
  outages.close();
  await wait(120);
  expect(fetch).toHaveBeenCalledTimes(1);
});
