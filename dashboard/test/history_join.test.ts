import { expect, test } from 'vitest';
import type { HistoryRequest } from '../src/api/client';
import type { History } from '../src/api/types';
import { loadWindow, spansOf } from '../src/charts/history_join';
import type { WindowBuffer } from '../src/charts/window_buffer';

const KEY = 'system.cpu.load_average.1m';
/** A collector that holds these samples. */
const collector = (samples: Map<number, number>) => async (request: HistoryRequest): Promise<History> => {
  const inside = [...samples].filter(([t]) => t >= request.from && t <= request.to);
  const shape = { name: KEY, attributes: {}, unit: '1' };
  if (request.step === 0) return { tier: 'raw', step: 0, incomplete: [], series: [{ ...shape, t: inside.map(([t]) => t), value: inside.map(([, v]) => v) }] };
  const steps = new Map<number, number[]>();
  for (const [t, v] of inside) {
    const start = Math.floor(t / request.step) * request.step;
    const list = steps.get(start);
    if (list) list.push(v);
    else steps.set(start, [v]);
  }
  const lists = [...steps.values()];
  return {
    tier: 'raw', step: request.step, incomplete: [],
    series: [{ ...shape, t: [...steps.keys()], avg: lists.map((l) => l.reduce((a, b) => a + b) / l.length), min: lists.map((l) => Math.min(...l)), max: lists.map((l) => Math.max(...l)) }],
  };
};
const seconds = (from: number, to: number, value: (t: number) => number): Map<number, number> =>
  new Map(Array.from({ length: to - from + 1 }, (_, i) => [from + i, value(from + i)]));
const load = async (samples: Map<number, number>, view: { step: number; range: number; end: number | null }, now: number): Promise<WindowBuffer> =>
  (await loadWindow('h', view, now, 1, collector(samples), new AbortController().signal)).buffer;
const bucket = (buffer: WindowBuffer, n: number, which: 'avg' | 'min' | 'max' = 'avg'): number | null => {
  const out: (number | null)[] = [];
  buffer.read(KEY, n, 1, out, which);
  return out[0] ?? null;
};

test('a late tick joins the average of a bucket of 300 s instead of taking its place', async () => {
  // 3000 is the first second of a new bucket: nothing is in it yet, and 2999.9 is still on its way.
  const buffer = await load(seconds(1, 2999, () => 1), { step: 300, range: 3000, end: null }, 3000.2);
  expect(buffer.add(KEY, 2999.9, 9)).toBe(true);
  expect(bucket(buffer, 9)).toBeCloseTo(1.03, 2);
  expect(bucket(buffer, 9, 'max')).toBe(9);
  expect(bucket(buffer, 8)).toBe(1);
});

test('a tick that belongs to a bucket whose count nobody knows leaves it as it was', async () => {
  const buffer = await load(seconds(1, 2400, () => 1), { step: 300, range: 3000, end: null }, 3000.2);
  buffer.add(KEY, 2399.9, 9);
  expect(bucket(buffer, 7)).toBe(1);
});

test('for every step, history and what comes live give the average of all samples', async () => {
  const value = (t: number): number => t % 97;
  for (const step of [1, 2, 10, 60, 300, 600, 1800, 3600]) {
    const now = 90_000.4;
    const buffer = await load(seconds(90_000 - step * 8, 90_000, value), { step, range: step * 6, end: null }, now);
    const end = (Math.floor(90_000 / step) + 2) * step;
    for (let t = 89_990; t < end; t++) buffer.add(KEY, t, value(t));
    for (let n = Math.floor(90_000 / step) - 3; n < Math.floor(end / step); n++) {
      let sum = 0;
      for (let t = n * step; t < (n + 1) * step; t++) sum += value(t);
      expect(bucket(buffer, n), `step ${step}, bucket ${n}`).toBeCloseTo(sum / step, 6);
    }
  }
});

test('spans stand side by side; a long step asks for little that is raw', () => {
  for (const step of [1, 2, 5, 30, 300, 600, 3600, 86_400]) {
    const now = 1_700_000_123.4;
    const { closed, minutes, raw } = spansOf({ step, range: step * 500, end: null }, now);
    expect(closed.to).toBeCloseTo((minutes ?? raw)?.from ?? NaN, 2);
    if (minutes) expect(minutes.to).toBeCloseTo(raw?.from ?? NaN, 2);
    expect(now - (raw?.from ?? NaN)).toBeLessThanOrEqual(600);
    expect(now - (raw?.from ?? NaN)).toBeGreaterThanOrEqual(15);
  }
  expect(spansOf({ step: 10, range: 100, end: 1000 }, 5000)).toEqual({ closed: { from: 900, to: 1000, step: 10 }, minutes: null, raw: null });
});
