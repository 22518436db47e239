import { expect, test } from 'vitest';
import type { HistoryRequest } from '../src/api/client';
import type { History } from '../src/api/types';
import { connectedShare, stripCells } from '../src/charts/strip';
import { firstSample } from '../src/state/first_sample';

const DAY = 86_400;
const count = (cells: string[], of: string): number => cells.filter((c) => c === of).length;

test('a host that was enrolled 30 s ago has no green day behind it', () => {
  expect(count(stripCells(0, DAY, [], DAY - 30), 'before')).toBe(71);
  expect(stripCells(0, DAY, [], DAY - 30).at(-1)).toBe('up');
  expect(count(stripCells(0, DAY, [], 0), 'up')).toBe(72);
  expect(count(stripCells(0, DAY, [], Infinity), 'before')).toBe(72);
});

test('the share counts from when the host was known', () => {
  const breaks = [{ from: DAY - 20, to: DAY - 5, status: 'lost' }];
  expect(connectedShare(0, DAY, breaks, DAY - 30)).toBeCloseTo(0.5);
  expect(connectedShare(0, DAY, breaks, -5)).toBeCloseTo(1 - 15 / DAY);
  expect(connectedShare(0, DAY, [{ from: DAY - 10, to: Infinity, status: 'lost' }], DAY - 20)).toBeCloseTo(0.5);
  expect(connectedShare(0, DAY, [], DAY)).toBeNull();
});

test('breaks stand out, also before the first sample', () => {
  const cells = stripCells(0, 72, [{ from: 10.2, to: 12, status: 'lost' }], 20);
  expect(cells.slice(9, 13)).toEqual(['before', 'lost', 'lost', 'before']);
});

test('the first sample is found to the second, in two small questions', async () => {
  const asked: HistoryRequest[] = [];
  const collector = (begin: number) => async (request: HistoryRequest): Promise<History> => {
    asked.push(request);
    const step = request.step || 1;
    const t: number[] = [];
    for (let at = Math.ceil(request.from / step) * step; at <= request.to; at += step) if (at + step > begin && (step > 1 || at >= begin)) t.push(at);
    return { tier: 'raw', step, incomplete: [], series: t.length ? [{ name: 'x', attributes: {}, unit: '', t, avg: t, min: t, max: t }] : [] };
  };
  const now = 10 * DAY + 1234;
  expect(await firstSample('h', now, collector(now - 30))).toBe(now - 30);
  expect(asked.map((r) => r.step)).toEqual([600, 0]);
  expect(await firstSample('h', now, collector(0))).toBeLessThanOrEqual(now - DAY + 600);
  expect(await firstSample('h', now, collector(now + 9999))).toBeNull();
});
