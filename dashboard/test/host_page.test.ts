// The host page as a whole, without canvas and network.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Frame, PlotOptions } from '../src/charts/plot';

const drawn: Frame[] = [];
const plots: PlotOptions[] = [];
vi.mock('../src/charts/plot', () => ({
  Plot: class {
    constructor(_: HTMLElement, options: PlotOptions) {
      plots.push(options);
    }
    draw(frame: Frame): void {
      drawn.push({ ...frame, values: frame.values.map((v) => [...v]), t: [...frame.t] });
    }
    destroy(): void {}
  },
}));
vi.mock('../src/api/client', async (original) => ({
  ...(await original<typeof import('../src/api/client')>()),
  getOutages: vi.fn(async () => []),
  getHost: vi.fn(async () => ({ facts: null })),
  getHistory: vi.fn(async () => ({ tier: 'raw', step: 0, series: [] })),
  getProcesses: vi.fn(async (_: string, from: number, to: number) =>
    [START + 20, START + 40, START + 60]
      .filter((time) => time >= from && time <= to)
      .map((time) => ({ at: time, span: 20, count: 9, top: [{ pid: 1, name: `at ${time - START}`, cpu: 1, memory: 1, read: 0, written: 0 }] })),
  ),
}));

import { getHost, getOutages, getProcesses } from '../src/api/client';
import { CHARTS } from '../src/charts/host_charts';
import Host from '../src/pages/Host.svelte';
import { clock } from '../src/state/clock.svelte';
import { fleet } from '../src/state/fleet.svelte';
import { session } from '../src/state/session.svelte';

const ID = 'a'.repeat(32);
const LOAD = 'system.cpu.load_average.1m';
const HEADER = ['id', 'name', 'tags', 'status', 'since', 'reason', 'last_tick', 'cpu', 'cores'];
const START = 1_700_000_000;
let page: object;
let at = START;
let cores = 4;
let sink: { snapshot(header: string[], rows: unknown[][]): void; delta(rows: unknown[][], header: string[] | null): void };

const row = (status = 'up', since = 10): unknown[] => [ID, 'web', [], status, since, '', at, Math.random(), cores];
/** A second of a live host: a fleet row and a tick. */
async function second(status?: string, since?: number): Promise<void> {
  at += 1;
  vi.setSystemTime(at * 1000 + 200);
  clock.now = clock.read();
  fleet.delta([row(status, since)], null);
  sink.delta([[at, at % 10]], at === START + 1 ? ['t', LOAD] : null);
  flushSync();
  await vi.advanceTimersByTimeAsync(30);
  flushSync();
}

beforeEach(async () => {
  vi.useFakeTimers({ now: START * 1000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'requestAnimationFrame'] });
  at = START;
  cores = 4;
  drawn.length = 0;
  plots.length = 0;
  vi.mocked(getOutages).mockClear();
  vi.mocked(getHost).mockClear();
  vi.spyOn(session.connection, 'subscribe').mockImplementation((_, given) => void (sink = given as typeof sink));
  session.live = { kind: 'open', delay: 1, transport: 'websocket' };
  fleet.snapshot(HEADER, [row()]);
  page = mount(Host, { target: document.body, props: { id: ID } });
  flushSync();
  await vi.advanceTimersByTimeAsync(30);
  sink.snapshot([], []);
});
afterEach(() => {
  void unmount(page);
  vi.useRealTimers();
});

test('outages and facts are asked for when the status changes, not at each tick', async () => {
  for (let i = 0; i < 30; i++) await second();
  expect(getOutages).toHaveBeenCalledTimes(1);
  await second('lost', 31);
  await second('up', 33);
  for (let i = 0; i < 5; i++) await second('up', 33);
  expect(getOutages).toHaveBeenCalledTimes(3);
  expect(getHost).toHaveBeenCalledTimes(3);
});

test('each tick is drawn once', async () => {
  for (let i = 0; i < 3; i++) await second();
  drawn.length = 0;
  for (let i = 0; i < 10; i++) await second();
  expect(drawn.length).toBe(10 * CHARTS.length);
});

test('paused, the charts stand still whatever comes; live again, they have all of it', async () => {
  for (let i = 0; i < 10; i++) await second();
  document.querySelector<HTMLElement>('[data-testid=live]')?.click();
  flushSync();
  drawn.length = 0;
  for (let i = 0; i < 20; i++) await second();
  cores = 8;
  await second();
  expect(drawn).toEqual([]);
  document.querySelector<HTMLElement>('[data-testid=back-to-live]')?.click();
  flushSync();
  const load = drawn.filter((f) => f.values.length === 3 && f.to > START + 25);
  expect(load.length).toBeGreaterThan(0);
});

test('a frame that is drawn while paused, for another language, is the same picture', async () => {
  for (let i = 0; i < 10; i++) await second();
  document.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true }));
  flushSync();
  const { i18n } = await import('../src/i18n/language.svelte');
  drawn.length = 0;
  i18n.set('ru');
  flushSync();
  const before = drawn.map((f) => [f.from, f.to, f.values]);
  for (let i = 0; i < 20; i++) await second();
  drawn.length = 0;
  i18n.set('en');
  flushSync();
  expect(before.length).toBe(CHARTS.length);
  expect(drawn.map((f) => [f.from, f.to, f.values])).toEqual(before);
});

test('a host whose first tick came just now is connected since then, not since yesterday', async () => {
  for (let i = 0; i < 5; i++) await second();
  const words = document.querySelector('[data-testid=connected]')?.textContent ?? '';
  expect(words).toMatch(/^Since .*:.*, connected 100\.00%$/);
});

test('the table behind a chart has its figures, with exact values and times', async () => {
  for (let i = 0; i < 10; i++) await second();
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) { this.open = true; };
  document.querySelector<HTMLElement>('[data-testid=chart-load] [data-testid=open-table]')?.click();
  flushSync();
  const rows = [...document.querySelectorAll('[data-testid=data-table] tbody tr')].map((tr) => [tr.querySelector('time')?.dateTime, tr.querySelector('data')?.value]);
  // 15 min are drawn in steps of 5 s here: the average of a step's ticks.
  expect(rows[0]).toEqual([new Date(START * 1000).toISOString(), String((1 + 2 + 3 + 4) / 4)]);
});

test('the processes are those of the charts’ cursor, and the newest without one', async () => {
  const shown = (): string | undefined => document.querySelector('[data-testid=process] th')?.textContent;
  for (let i = 0; i < 65; i++) await second();
  await vi.advanceTimersByTimeAsync(31_000);
  flushSync();
  expect(shown()).toBe('at 60');
  const times = drawn.at(-1)?.t ?? [];
  const asked = vi.mocked(getProcesses).mock.calls.length;
  for (const [after, list] of [[5, 'at 20'], [25, 'at 40'], [45, 'at 60'], [10, 'at 20']] as const) {
    plots[0]?.onCursor(times.findIndex((time) => time > START + after));
    flushSync();
    expect(shown()).toBe(list);
  }
  plots[0]?.onCursor(null);
  flushSync();
  expect(shown()).toBe('at 60');
  expect(vi.mocked(getProcesses).mock.calls.length).toBe(asked);
});
