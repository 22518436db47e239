import { expect, test } from 'vitest';
import { WindowBuffer } from '../src/charts/window_buffer';

const read = (buffer: WindowBuffer, key: string, first: number, count: number, hole = 0): (number | null)[] => {
  const out: (number | null)[] = [];
  buffer.read(key, first, count, out, 'avg', hole);
  return out;
};

test('ticks of one bucket are averaged, with their minimum and maximum', () => {
  const buffer = new WindowBuffer(10, 100);
  for (const [t, v] of [[100, 1], [101, 2], [109, 6]] as const) buffer.add('a', t, v);
  expect(read(buffer, 'a', 10, 2)).toEqual([3, null]);
  const out: (number | null)[] = [];
  buffer.read('a', 10, 1, out, 'min');
  expect(out).toEqual([1]);
  buffer.read('a', 10, 1, out, 'max');
  expect(out).toEqual([6]);
});

test('a tick that came by history and live counts once', () => {
  const buffer = new WindowBuffer(10, 100);
  expect(buffer.add('a', 100.25, 2)).toBe(true);
  expect(buffer.add('a', 100.25, 2)).toBe(false);
  expect(buffer.add('a', 99, 50)).toBe(false);
  expect(buffer.add('a', 101, 4)).toBe(true);
  expect(read(buffer, 'a', 10, 1)).toEqual([3]);
});

test('stepped history and live ticks stand side by side', () => {
  const buffer = new WindowBuffer(10, 100);
  buffer.load({ key: 'a', t: [80, 90], avg: [8, 9] });
  buffer.add('a', 100, 10);
  expect(read(buffer, 'a', 8, 3)).toEqual([8, 9, 10]);
});

test('what the ring has run over is gone, and the ring does not grow', () => {
  const buffer = new WindowBuffer(1, 10);
  for (let t = 0; t < 100_000; t++) buffer.add('a', t, t);
  expect(read(buffer, 'a', 99_990, 10)).toEqual([99_990, 99_991, 99_992, 99_993, 99_994, 99_995, 99_996, 99_997, 99_998, 99_999]);
  expect(read(buffer, 'a', 99_980, 2)).toEqual([null, null]);
});

test('a hole as short as the interval is filled, a longer one stays', () => {
  const buffer = new WindowBuffer(1, 20);
  for (const t of [0, 2, 6]) buffer.add('a', t, t + 1);
  expect(read(buffer, 'a', 0, 7, 1)).toEqual([1, 1, 3, null, null, null, 7]);
});

test('values that are no numbers are no samples', () => {
  const buffer = new WindowBuffer(1, 10);
  expect(buffer.add('a', 1, null)).toBe(false);
  expect(buffer.add('a', 1, NaN)).toBe(false);
  expect(buffer.add('a', 1, 5)).toBe(true);
});

test('an unknown series reads as nothing', () => {
  expect(read(new WindowBuffer(1, 10), 'x', 0, 3)).toEqual([null, null, null]);
});

test('whether a span is filled: yes, no, or the step is too wide to tell', () => {
  const buffer = new WindowBuffer(1, 60);
  for (let t = 0; t <= 40; t++) if (t < 10 || t > 20) buffer.add('a', t, 1);
  expect([buffer.covers(9, 21, 1), buffer.covers(22, 40, 1), buffer.covers(9, 10, 1)]).toEqual([false, true, null]);
  const slow = new WindowBuffer(1, 60);
  for (let t = 0; t <= 40; t += 10) slow.add('a', t, 1);
  expect([slow.covers(0, 40, 10), slow.covers(0, 40, 1)]).toEqual([true, false]);
  expect(buffer.covers(-1e6, 9, 1)).toBe(false);
});

test('a copy stays as it was while ticks go on', () => {
  const buffer = new WindowBuffer(1, 10);
  for (let t = 0; t < 10; t++) buffer.add('a', t, t);
  const copy = buffer.copy();
  for (let t = 10; t < 40; t++) buffer.add('a', t, t);
  expect(read(copy, 'a', 0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(read(buffer, 'a', 0, 10)).toEqual(Array.from({ length: 10 }, () => null));
});
