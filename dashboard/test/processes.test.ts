import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ProcessList } from '../src/api/types';
import { i18n } from '../src/i18n/language.svelte';
import ProcessTable from '../src/parts/ProcessTable.svelte';
import { listAt, Processes } from '../src/state/processes.svelte';

const NOON = 1_795_435_200;
const listOf = (at: number, more: Partial<ProcessList> = {}): ProcessList => ({
  at,
  span: 60,
  count: 212,
  top: [
    { pid: 812, name: 'postgres', cpu: 0.95, memory: 512 * 1024 * 1024, read: 40_960, written: 0 },
    { pid: 77, name: 'java', cpu: 0.01, memory: 2 * 1024 ** 3, read: 0, written: 1_200_000, arguments: '-jar app.jar' },
  ],
  ...more,
});

let page: object | undefined;
afterEach(() => {
  if (page) void unmount(page);
  page = undefined;
  i18n.set('en');
});
const texts = (selector: string): string[] => [...document.querySelectorAll(selector)].map((e) => (e.textContent ?? '').replaceAll('\u00a0', ' '));
function show(props: Partial<{ list: ProcessList | null; at: number | null; told: boolean; up: boolean; failure: string }>): void {
  page = mount(ProcessTable, { target: document.body, props: { list: null, at: NOON, told: true, up: true, failure: '', ...props } });
  flushSync();
}

test('figures by CPU first, by memory on demand', () => {
  show({ list: listOf(NOON) });
  expect(texts('[data-testid=process]')).toEqual(['postgres81295.0%512.0 MiB41.0 kB/s 0', 'java-jar app.jar771.0%2.0 GiB0 1.2 MB/s']);
  expect(texts('h2')[0]).toContain('2 of 212');
  expect(texts('h2')[0]).toMatch(/^Processes at .*\d\d:00:00/);
  const memory = document.querySelector<HTMLButtonElement>('[data-testid=by-memory]');
  expect(memory?.closest('th')?.getAttribute('aria-sort')).toBe('none');
  memory?.click();
  flushSync();
  expect(texts('[data-testid=process]')[0]).toContain('java');
  expect(memory?.closest('th')?.getAttribute('aria-sort')).toBe('descending');
});

test('a table has a caption, and heads of columns and rows', () => {
  show({ list: listOf(NOON) });
  expect(texts('caption')[0]).toMatch(/^Processes at /);
  expect(document.querySelectorAll('thead th[scope=col]').length).toBe(6);
  expect(document.querySelectorAll('tbody th[scope=row]').length).toBe(2);
});

test('no columns of I/O where none is told, and of what ended no memory', () => {
  show({ list: listOf(NOON, { top: [{ pid: 5, name: 'dpkg', cpu: 0.1, memory: 0, read: 0, written: 0 }] }) });
  expect(document.querySelectorAll('thead th[scope=col]').length).toBe(4);
  expect(texts('[data-testid=process]')).toEqual(['dpkg510.0%ended']);
});

test('an agent that tells none yet is told from a time of which there is none', () => {
  show({ told: false });
  expect(texts('section')[0]).toContain('doesn’t tell its processes yet');
  if (page) void unmount(page);
  show({ told: true });
  expect(texts('section')[0]).toContain('told no processes of this time');
  if (page) void unmount(page);
  show({ told: false, up: false });
  expect(texts('section')[0]).toContain('told no processes of this time');
});

test('nothing before the first answer, why there is none after one that failed, and Russian', () => {
  show({ at: null });
  expect(document.querySelector('section')).toBeNull();
  if (page) void unmount(page);
  show({ at: null, failure: 'away' });
  expect(texts('[role=status]')[0]).toContain('away');
  if (page) void unmount(page);
  i18n.set('ru');
  show({ list: listOf(NOON) });
  expect(texts('h2')[0]).toContain('Процессы на');
  expect(texts('[data-testid=process]')[0]).toContain('512,0 МиБ');
});

test('the list whose span holds a time, else the nearest within 90 s', () => {
  const lists = [listOf(1000), listOf(1300)];
  const at = (time: number): number | undefined => listAt(lists, time)?.at;
  expect([909, 910, 940, 1000, 1090, 1091, 1209, 1210, 1240, 1390, 1391].map(at)).toEqual([
    undefined, 1000, 1000, 1000, 1000, undefined, undefined, 1300, 1300, 1300, undefined,
  ]);
});

let now = NOON + 600;
let asked: [number, number][] = [];
let stored: ProcessList[] = [];
const made = (): Processes =>
  new Processes('a', {
    now: () => now,
    fetch: async (_, from, to) => {
      asked.push([from, to]);
      return stored.filter((list) => list.at >= from && list.at <= to);
    },
  });
const wait = async (seconds: number): Promise<void> => {
  now += seconds;
  await vi.advanceTimersByTimeAsync(seconds * 1000);
};
beforeEach(() => {
  vi.useFakeTimers();
  now = NOON + 600;
  asked = [];
  stored = Array.from({ length: 120 }, (_, n) => listOf(NOON - 3600 + 60 * n)).filter((list) => list.at <= now);
});
afterEach(() => void vi.useRealTimers());

test('the newest without a cursor, and then the next that comes', async () => {
  const state = made();
  state.show(null);
  await wait(1);
  expect(state.list?.at).toBe(NOON + 600);
  expect(state.told).toBe(true);
  stored.push(listOf(NOON + 660));
  await wait(75);
  expect(state.list?.at).toBe(NOON + 660);
  expect(asked.every(([from, to]) => to - from < 3900)).toBe(true);
  expect(asked.at(-1)?.[0]).toBeGreaterThan(NOON + 300);
  state.close();
});

test('a cursor that moves asks once it rests, once an hour of history', async () => {
  const state = made();
  for (let time = NOON - 3000; time < NOON - 1000; time += 10) {
    state.show(time);
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(asked.length).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.length).toBe(1);
  expect(state.list?.at).toBe(NOON - 960);
  state.show(NOON - 2000);
  expect(state.list?.at).toBe(NOON - 1980);
  await wait(120);
  expect(asked.length).toBe(1);
  state.show(NOON + 5);
  expect(state.list?.at).toBe(NOON - 1980);
  await wait(1);
  expect(state.list?.at).toBe(NOON + 60);
  expect(asked.length).toBe(2);
  state.close();
});

test('of a time without any there is none, and the time is named', async () => {
  stored = [];
  const state = made();
  state.show(NOON + 100);
  await wait(1);
  expect([state.list, state.at, state.told]).toEqual([null, NOON + 100, false]);
  state.close();
});

test('an answer that fails is asked for again, one that nobody waits for is kept', async () => {
  let fail = true;
  const answers: ((lists: ProcessList[]) => void)[] = [];
  const state = new Processes('a', {
    now: () => now,
    fetch: () => (fail ? Promise.reject(new Error('away')) : new Promise((resolve) => answers.push(resolve))),
  });
  state.show(NOON - 100);
  await wait(1);
  expect(state.failure).toBe('away');
  fail = false;
  await wait(30);
  expect(answers.length).toBe(1);
  state.show(NOON + 100);
  answers[0]?.(stored);
  await vi.advanceTimersByTimeAsync(0);
  expect(state.list).toBeNull();
  state.show(NOON - 100);
  expect(state.list?.at).toBe(NOON - 60);
  state.close();
});
