import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import Alerts from '../src/pages/Alerts.svelte';
import { alerts } from '../src/state/alerts.svelte';
import { fleet } from '../src/state/fleet.svelte';

const HEADER = ['id', 'rule', 'host', 'host_name', 'attributes', 'phase', 'severity', 'since', 'value', 'reason', 'notifies_at', 'notified_at', 'unit'];
const HOST = 'b'.repeat(32);
const firing = [21, 'load-high', HOST, 'web', {}, 'firing', 'warning', 100, 0.82, 'system.cpu.load_average.1m 0.82 {thread} above 0.50 {thread} for 10 s', null, null, '{thread}'];
const find = (id: string): HTMLElement | null => document.querySelector(`[data-testid=${id}]`);
let page: object | null = null;
const show = (chosen: number | null): void => {
  page = mount(Alerts, { target: document.body, props: { chosen } });
  flushSync();
};

beforeEach(() => {
  alerts.clear();
  fleet.snapshot(['id', 'name', 'status'], [[HOST, 'db-1', 'up']]);
  alerts.fetchPast = async () => [{ id: 18, rule: 'host-down', host: HOST, attributes: {}, state: 'resolved', severity: 'critical', since: 90, value: null, unit: '', reason: 'lost', notifies_at: null, notified_at: null }];
});
afterEach(() => {
  if (page) void unmount(page);
  page = null;
});

test('the address of an alert that was resolved before shows that alert, with its host', async () => {
  alerts.snapshot(HEADER, [firing]);
  show(18);
  expect(find('alert-detail')).toBeNull();
  await vi.waitFor(() => expect(find('alert-phase')?.textContent).toBe('Resolved'));
  expect(find('alert-detail')?.textContent).toContain('db-1');
  expect(find('alert-value')?.previousElementSibling?.textContent).toBe('Last value judged');
});

test('an address that names no alert says so, with a way back, and shows no other alert', async () => {
  alerts.snapshot(HEADER, [firing]);
  show(99);
  await vi.waitFor(() => expect(find('no-such-alert')?.textContent).toContain('There is no such alert'));
  expect(find('alert-detail')).toBeNull();
  expect(find('no-such-alert')?.querySelector('a')?.getAttribute('href')).toBe('/alerts');
});

test('the value is that of the moment it fired, in its own unit', () => {
  alerts.snapshot(HEADER, [firing]);
  show(null);
  expect(find('alert-value')?.textContent?.replaceAll('\u00a0', ' ')).toBe('0.82 threads');
  expect(find('alert-value')?.previousElementSibling?.textContent).toBe('Value when it fired');
});

test('a chosen alert stands alone where there is room for one, with a way back to the list', () => {
  alerts.snapshot(HEADER, [firing]);
  show(21);
  expect(document.querySelector('.inbox')?.classList.contains('chosen')).toBe(true);
  expect(find('alert-back')?.getAttribute('href')).toBe('/alerts');
});
