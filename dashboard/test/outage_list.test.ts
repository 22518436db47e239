import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import type { Outage } from '../src/api/types';
import { i18n } from '../src/i18n/language.svelte';
import OutageList from '../src/parts/OutageList.svelte';

const outage = (from: number, to: number | null, more: Partial<Outage> = {}): Outage => ({ from, to, status: 'lost', reason: 'agent or path', correction: '', notified: false, ...more });
let page: object;
afterEach(() => {
  void unmount(page);
  i18n.set('en');
});
const show = (outages: Outage[]): string[] => {
  page = mount(OutageList, { target: document.body, props: { outages, from: 1000, to: 2000 } });
  flushSync();
  return [...document.querySelectorAll('[data-testid=outage]')].map((li) => (li.textContent ?? '').replaceAll('\u00a0', ' '));
};

test('an outage too short to notify anybody is a note on the host’s page', () => {
  const [line = ''] = show([outage(1100, 1130, { correction: 'host was up; network cut 00:18–00:18' })]);
  expect(line).toContain('30 s');
  expect(line).toContain('Lost: agent or path');
  expect(line).toContain('host was up; network cut');
  expect(line).toContain('nobody was notified');
  expect(document.querySelectorAll('[data-testid=outage] time').length).toBe(2);
});

test('newest first, only those of the range, also what touches its edges or lasts', () => {
  const lines = show([outage(100, 900), outage(900, 1050, { reason: 'service stopped' }), outage(1500, 1700, { notified: true }), outage(1990, null), outage(2500, 2600)]);
  expect(lines.length).toBe(3);
  expect(lines[0]).toContain('not notified yet');
  expect(lines[1]).toMatch(/[^y] ?notified$/);
  expect(lines[2]).toContain('service stopped');
});

test('in Russian', () => {
  i18n.set('ru');
  expect(show([outage(1100, 1130)])[0]).toMatch(/Потерян: не отвечает агент или путь к нему.*без оповещения/);
});

test('nothing to tell is told', () => {
  show([]);
  expect(document.querySelector('[data-testid=outages]')?.textContent).toContain('None.');
});
