import { beforeEach, expect, test } from 'vitest';
import { setFormatLanguage } from '../src/format/locale';
import { quantity, tellsRatio } from '../src/format/quantity';
import { age, axisTime, clock } from '../src/format/time';
import { milliseconds, MISSING, percent, plain, rate, ratePower, size, sizes, SteadyPower } from '../src/format/units';

beforeEach(() => setFormatLanguage('en'));

test('rates step at 1000 and never go below kB/s', () => {
  expect(rate(0)).toEqual({ text: '0.0', unit: 'kB/s' });
  expect(rate(310_000)).toEqual({ text: '310.0', unit: 'kB/s' });
  expect(rate(999_999)).toEqual({ text: '1,000.0', unit: 'kB/s' });
  expect(rate(212_600_000)).toEqual({ text: '212.6', unit: 'MB/s' });
});

test('sizes are binary and have three digits at most before the point', () => {
  expect(size(62.8 * 1024 ** 3)).toEqual({ text: '62.8', unit: 'GiB' });
  expect(size(1023 * 1024 ** 2)).toEqual({ text: '1.0', unit: 'GiB' });
  expect(size(512)).toEqual({ text: '0.5', unit: 'KiB' });
});

test('two sizes beside each other both name their unit unless it is the same', () => {
  const text = (a: number, b: number): string => sizes(a, b).join(' of ').replaceAll('\u00a0', ' ');
  expect(text(874.9 * 1024 ** 2, 23.5 * 1024 ** 3)).toBe('874.9 MiB of 23.5 GiB');
  expect(text(3.1 * 1024 ** 3, 23.5 * 1024 ** 3)).toBe('3.1 of 23.5 GiB');
});

test('decimals stay constant: zeros are not trimmed', () => {
  expect(percent(0.5, 1)).toBe('50.0');
  expect(plain(8, 2)).toBe('8.00');
  expect(milliseconds(0.011)).toEqual({ text: '11.0', unit: 'ms' });
});

test('what is missing is a dash, also for NaN', () => {
  for (const nothing of [null, undefined, NaN]) {
    expect(percent(nothing)).toBe(MISSING);
    expect(rate(nothing).text).toBe(MISSING);
    expect(age(nothing)).toBe(MISSING);
  }
});

test('ages have two parts at most and a decimal only below ten seconds', () => {
  const text = (s: number): string => age(s).replaceAll('\u00a0', ' ');
  expect(text(0.42)).toBe('0.4 s');
  expect(text(9.96)).toBe('9 s');
  expect(text(38)).toBe('38 s');
  expect(text(252)).toBe('4 min 12 s');
  expect(text(240)).toBe('4 min');
  expect(text(7860)).toBe('2 h 11 min');
  expect(text(41 * 86_400 + 6 * 3600)).toBe('41 d 6 h');
  expect(text(-3)).toBe('0.0 s');
});

test('the clock has 24 hours, and names the day only when it is not today', () => {
  const noon = new Date(2026, 10, 23, 14, 2, 18).getTime() / 1000;
  expect(clock(noon, noon + 60)).toBe('14:02:18');
  expect(clock(noon, noon + 86_400)).toContain('Nov 23');
  expect(clock(new Date(2026, 10, 23, 0, 0, 5).getTime() / 1000, noon)).toBe('00:00:05');
});

test('axis labels show seconds for short steps and the day for long ones', () => {
  const t = new Date(2026, 10, 23, 14, 2, 30).getTime() / 1000;
  expect(axisTime(t, 30)).toBe('14:02:30');
  expect(axisTime(t, 300)).toBe('14:02');
  expect(axisTime(t, 86_400)).toContain('23');
});

test('Russian has its own units and comma', () => {
  setFormatLanguage('ru');
  expect(rate(18_400_000)).toEqual({ text: '18,4', unit: 'МБ/с' });
  expect(age(252).replaceAll('\u00a0', ' ')).toBe('4 мин 12 с');
});

test('a live figure keeps its unit until the value was past the step for three ticks', () => {
  const power = new SteadyPower(ratePower);
  expect(power.next(900_000)).toBe(1);
  expect([power.next(2e6), power.next(2e6), power.next(2e6)]).toEqual([1, 1, 1]);
  expect(power.next(2e6)).toBe(2);
  expect(power.next(900_000)).toBe(2);
  expect(power.next(2e6)).toBe(2);
});

test('a value is written by its unit and its metric, never by how large it is', () => {
  const text = (value: number | null, unit: string, reason: string): string => quantity(value, unit, tellsRatio(reason)).replaceAll('\u00a0', ' ');
  expect(text(0.82, '{thread}', 'system.cpu.load_average.1m 0.82 {thread} above 0.50 {thread} for 10 s')).toBe('0.82 threads');
  expect(text(0.82, '1', 'system.paging.pressure 0.82 above 0.50 for 10 s')).toBe('0.82');
  expect(text(0.82, '1', 'CPU utilisation 82.0 % above 50.0 % for 10 s')).toBe('82.0%');
  expect(text(1.2, '1', 'CPU utilisation{cpu=3} 120.0 % above 50.0 % for 10 s')).toBe('120.0%');
  expect(text(0.04, '1', 'free space on /var 4.0 % below 10.0 % for 15 min')).toBe('4.0%');
  expect(text(0.04, '1', 'available memory 4.0 % below 5.0 % for 5 min')).toBe('4.0%');
  expect(text(0.5, '1', 'system.memory.utilization{state=used} 50 % above 10 % for 5 min')).toBe('50.0%');
  expect(text(0.5, '1', 'my.hit_ratio 0.50 below 0.90 for 5 min')).toBe('50.0%');
  expect(text(0.82, '', 'system.cpu.load_average.1m 82.0 % above 50.0 % for 10 s')).toBe('0.82');
  expect(text(1.5e6, 'By/s', 'system.network.io 1.4 MiB/s above 1.0 MiB/s for 10 s')).toBe('1.5 MB/s');
  expect(text(0.5, 'By', 'system.memory.usage 1 B above 0 B for 10 s')).toBe('0.0 KiB');
  expect(text(3 * 1024 ** 3, 'By', 'system.memory.usage 3.0 GiB above 0 B for 10 s')).toBe('3.0 GiB');
  expect(text(12, '{packet}/s', 'x')).toBe('12.00 packets/s');
  expect(text(2, '1/s', 'x')).toBe('2.00 1/s');
  expect(text(0.25, 's', 'x')).toBe('0.25 s');
  expect(text(7, '{fork}', 'x')).toBe('7.00 fork');
  expect(text(null, '', 'lost')).toBe(MISSING);
});
