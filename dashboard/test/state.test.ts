import { beforeEach, expect, test, vi } from 'vitest';
import type { AlertRecord } from '../src/api/types';
import { alerts } from '../src/state/alerts.svelte';
import { fleet, FleetHost, isDown, SPARK_POINTS } from '../src/state/fleet.svelte';
import { readView, writeView } from '../src/state/host_view';
import { fits, worstFirst } from '../src/state/order';
import { parse } from '../src/state/router.svelte';

const HEADER = ['id', 'name', 'tags', 'status', 'since', 'reason', 'last_tick', 'rtt', 'skew', 'cpu'];
const row = (id: string, status = 'up', cpu: number | null = 0.1, at = 100): unknown[] => [id, `host-${id}`, ['prod'], status, 50, status === 'up' ? '' : 'rebooting', at, 0.01, 0, cpu];
const names = (hosts: FleetHost[]): string[] => hosts.map((h) => h.row.id);

beforeEach(() => {
  fleet.clear();
  alerts.clear();
  alerts.fetchPast = null;
});

test('a delta changes one host and leaves the list alone', () => {
  fleet.snapshot(HEADER, [row('a'), row('b')]);
  const list = fleet.hosts;
  fleet.delta([row('a', 'up', 0.7, 101)], null);
  expect(fleet.hosts).toBe(list);
  expect(fleet.get('a')?.row.cpu).toBe(0.7);
  expect(fleet.get('a')?.row.load).toBeNull();
});

test('columns are found by the header, whatever their order', () => {
  fleet.snapshot(['status', 'name', 'id'], [['lost', 'db', 'a']]);
  expect(fleet.get('a')?.row).toMatchObject({ name: 'db', status: 'lost', tags: [] });
});

test('worst first: status, then what fires, then CPU', () => {
  fleet.snapshot(HEADER, [row('calm'), row('hot', 'up', 0.9), row('fires', 'up', 0.2), row('lost', 'lost'), row('stopped', 'stopped'), row('still', 'unresponsive')]);
  expect(names(worstFirst(fleet.hosts, new Map([['fires', 'warning']])))).toEqual(['lost', 'still', 'stopped', 'fires', 'hot', 'calm']);
});

test('a stopped host is down when the collector says so by its alert, however long that takes', () => {
  fleet.snapshot(HEADER, [row('a', 'stopped'), row('b', 'lost'), row('c', 'up')]);
  alerts.snapshot(ALERTS, [alert(1, 'pending')]);
  const down = (): string[] => fleet.hosts.filter((h) => isDown(h.row, alerts.hostsDown)).map((h) => h.row.id);
  expect(down()).toEqual(['b']);
  alerts.delta([alert(1, 'firing')], null);
  expect(down()).toEqual(['a', 'b']);
  alerts.delta([alert(1, 'resolved')], null);
  expect(down()).toEqual(['b']);
});

test('search looks at name, tags and reason; every word must fit', () => {
  fleet.snapshot(HEADER, [row('a', 'stopped')]);
  const host = fleet.hosts[0] as FleetHost;
  expect(['', 'HOST-a', 'prod reboot'].map((s) => fits(host, s))).toEqual([true, true, true]);
  expect(fits(host, 'prod nothing')).toBe(false);
});

test('a sparkline holds a minute by tick time, with holes where nothing came', () => {
  fleet.snapshot(HEADER, [row('a', 'up', 0.1, 100)]);
  fleet.delta([row('a', 'up', 0.2, 103)], null);
  const { spark } = fleet.hosts[0] as FleetHost;
  expect(spark.length).toBe(SPARK_POINTS);
  expect(spark[SPARK_POINTS - 1]).toBeCloseTo(0.2);
  expect(spark[SPARK_POINTS - 2]).toBeNaN();
  expect(spark[SPARK_POINTS - 4]).toBeCloseTo(0.1);
});

const ALERTS = ['id', 'rule', 'host', 'host_name', 'attributes', 'phase', 'severity', 'since', 'value', 'reason', 'notifies_at'];
const alert = (id: number, phase: string, severity = 'critical'): unknown[] => [id, 'host-down', 'a', 'db', {}, phase, severity, 10 + id, null, 'lost', null];

test('an alert moves from pending to firing to resolved and counts once', () => {
  alerts.snapshot(ALERTS, [alert(1, 'pending')]);
  expect([alerts.pending.length, alerts.firing.length]).toEqual([1, 0]);
  alerts.delta([alert(1, 'firing')], null);
  expect([alerts.pending.length, alerts.firing.length]).toEqual([0, 1]);
  expect(alerts.flags.get('a')).toBe('critical');
  alerts.delta([alert(1, 'resolved')], null);
  expect([alerts.firing.length, alerts.resolved.length]).toEqual([0, 1]);
});

test('resolved alerts do not pile up in a tab that is open for days', () => {
  alerts.snapshot(ALERTS, []);
  for (let i = 1; i <= 500; i++) alerts.delta([alert(i, 'resolved')], null);
  expect(alerts.all.length).toBe(200);
  expect(alerts.resolved[0]?.id).toBe(500);
});

const past = (id: number, state: AlertRecord['state']): AlertRecord => ({ id, rule: 'cpu-hot', host: 'a', attributes: {}, state, severity: 'warning', since: id, value: 0.97, reason: 'r', unit: '1', notifies_at: null, notified_at: null });

test('alerts resolved before the page was opened come by REST; the topic knows better of those that fire', async () => {
  alerts.fetchPast = async () => [past(18, 'resolved'), past(19, 'firing'), past(20, 'resolved'), past(21, 'pending')];
  alerts.snapshot(ALERTS, [alert(20, 'firing')]);
  expect([alerts.known, alerts.pastAsked]).toEqual([true, false]);
  await vi.waitFor(() => expect(alerts.pastAsked).toBe(true));
  expect(alerts.all.map((a) => [a.id, a.phase])).toEqual([[20, 'firing'], [18, 'resolved']]);
  expect(alerts.resolved[0]).toMatchObject({ unit: '1', value: 0.97, notifiesAt: null });
  // Back after a break: 20 was resolved meanwhile.
  alerts.fetchPast = async () => [past(20, 'resolved')];
  alerts.snapshot(ALERTS, []);
  expect(alerts.all.map((a) => a.id)).toEqual([18]);
  await vi.waitFor(() => expect(alerts.resolved.map((a) => a.id)).toEqual([20, 18]));
});

test('REST that fails is asked again; the list is not held up by it', async () => {
  vi.useFakeTimers();
  let fails = true;
  alerts.fetchPast = async () => (fails ? Promise.reject(new Error('no')) : [past(18, 'resolved')]);
  alerts.snapshot(ALERTS, []);
  await vi.advanceTimersByTimeAsync(0);
  expect([alerts.pastAsked, alerts.all.length]).toEqual([true, 0]);
  fails = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(alerts.all.map((a) => a.id)).toEqual([18]);
  vi.useRealTimers();
});

test('addresses', () => {
  expect(parse('/')).toEqual({ page: 'fleet' });
  expect(parse(`/hosts/${'a'.repeat(32)}`)).toEqual({ page: 'host', id: 'a'.repeat(32) });
  expect(parse('/alerts/12')).toEqual({ page: 'alerts', id: 12 });
  expect(parse('/hosts/x')).toEqual({ page: 'missing' });
});

test('a link holds the range', () => {
  for (const query of ['', 'range=h24', 'from=1000&to=1900']) expect(writeView(readView(new URLSearchParams(query))).toString()).toBe(query);
});
