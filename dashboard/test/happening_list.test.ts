import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test, vi } from 'vitest';
import type { Happening } from '../src/api/types';
import { i18n } from '../src/i18n/language.svelte';
import HappeningList from '../src/parts/HappeningList.svelte';
import { Happenings } from '../src/state/happenings.svelte';

const happening = (at: number, kind: string, more: Partial<Happening> = {}): Happening => ({ at, kind, text: 'words', count: 0, ...more });
let page: object | undefined;
afterEach(() => {
  if (page) void unmount(page);
  page = undefined;
  i18n.set('en');
});
const show = (happenings: Happening[]): string[] => {
  page = mount(HappeningList, { target: document.body, props: { happenings, from: 1000, to: 2000 } });
  flushSync();
  return [...document.querySelectorAll('[data-testid=happening]')].map((li) => (li.textContent ?? '').replaceAll('\u00a0', ' '));
};

test('newest first, only those of the range', () => {
  const lines = show([happening(999, 'boot'), happening(1100, 'boot'), happening(1900, 'oom_kill', { text: 'the kernel killed postgres', count: 3 }), happening(2001, 'boot')]);
  expect(lines.length).toBe(2);
  expect(lines[0]).toContain('Out of memory: the kernel killed postgres');
  expect(lines[0]).toContain('3 times');
  expect(lines[1]).toContain('Started: words');
});

test('a kind that this page doesn’t know is shown as it is', () => {
  expect(show([happening(1500, 'disk_melted')])[0]).toContain('disk melted: words');
});

test('in Russian, and nothing at all where nothing happened', () => {
  i18n.set('ru');
  expect(show([happening(1100, 'boot')])[0]).toContain('Запуск');
  if (page) void unmount(page);
  show([]);
  expect(document.querySelector('[data-testid=happenings]')).toBeNull();
});

test('an answer that fails is asked for again, and an old answer never replaces a newer one', async () => {
  vi.useFakeTimers();
  const answers: ((list: Happening[]) => void)[] = [];
  let fail = true;
  const state = new Happenings('a', {
    now: () => 100_000,
    fetch: () => (fail ? Promise.reject(new Error('away')) : new Promise((resolve) => answers.push(resolve))),
  });
  await state.load(99_000);
  fail = false;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(answers.length).toBe(1);
  void state.load(98_000);
  answers[1]?.([happening(5, 'boot')]);
  answers[0]?.([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(state.list.length).toBe(1);
  state.close();
  vi.useRealTimers();
});
