// One window of history as buckets that live ticks can join without gap, overlap or wrong average: closed steps for what
// can't change any more, then raw samples, and minutes between them where a step is too long to fetch it raw.

import type { getHistory } from '../api/client';
import type { History } from '../api/types';
import { writeSeries } from '../live/series_key';
import { SIGNAL_SELECTORS, signalWanted } from './host_signals';
import { WindowBuffer, type Columns } from './window_buffer';

export const SELECTORS = [
  'system.cpu.time{mode=*}',
  'system.cpu.utilization{cpu=*}',
  'system.cpu.load_average.1m',
  'system.cpu.load_average.5m',
  'system.cpu.load_average.15m',
  'system.memory.usage{state=*}',
  'system.disk.io{device=*,direction=*}',
  'system.network.io{direction=*,interface=*}',
  ...SIGNAL_SELECTORS,
];
const WANTED = /^system\.(cpu\.time\{mode=|cpu\.utilization\{cpu=|cpu\.load_average\.|memory\.usage\{|disk\.io\{|network\.io\{)/;
export const wanted = (key: string): boolean => signalWanted(key) || (WANTED.test(key) && !/^system\.cpu\.time\{cpu=/.test(key));

/** A tick may come this late and still count in its bucket, seconds. */
const LATE = 15;
/** Longer steps are put together from minutes: an hour of raw samples of every core is megabytes. */
const RAW_STEP_MOST = 300;
const MINUTE = 60;
const BEFORE = 0.001; // times have milliseconds

export interface View {
  step: number;
  range: number;
  /** Unix seconds of the right edge; null follows the present. */
  end: number | null;
}

interface Span {
  from: number;
  to: number;
  step: number;
}

/** What is asked for: whole steps, minutes, raw samples; the later two only for a window that follows the present. */
export function spansOf({ step, range, end }: View, now: number): { closed: Span; minutes: Span | null; raw: Span | null } {
  const to = end ?? now;
  const from = Math.floor((to - range) / step) * step;
  if (end !== null) return { closed: { from, to, step }, minutes: null, raw: null };
  // The newest closed buckets may still miss ticks: they are put together here, like the open one.
  const joint = (Math.floor(now / step) - Math.ceil(Math.max(step, LATE) / step)) * step;
  const fine = step > RAW_STEP_MOST ? Math.floor(now / MINUTE) * MINUTE - MINUTE : joint;
  return {
    closed: { from, to: joint - BEFORE, step },
    minutes: fine > joint ? { from: joint, to: fine - BEFORE, step: MINUTE } : null,
    raw: { from: fine, to: now + MINUTE, step: 0 },
  };
}

/** Fetches the window; `interval` is the time between ticks where nothing raw tells it. */
export async function loadWindow(
  host: string, view: View, now: number, interval: number, fetch: typeof getHistory, signal: AbortSignal,
): Promise<{ buffer: WindowBuffer; interval: number | null }> {
  const spans = spansOf(view, now);
  const ask = (span: Span | null): Promise<History> | null => span && fetch({ host, series: SELECTORS, ...span }, signal);
  const [closed, minutes, raw] = await Promise.all([ask(spans.closed), ask(spans.minutes), ask(spans.raw)]);
  const buffer = new WindowBuffer(view.step, view.range);
  const tail = raw ? [...columnsOf(raw)] : [];
  const measured = intervalOf(tail);
  if (closed) for (const columns of columnsOf(closed)) buffer.load(columns);
  if (minutes) for (const columns of columnsOf(minutes)) buffer.fold(columns, MINUTE, MINUTE / (measured ?? interval));
  for (const { key, t, avg } of tail) t.forEach((at, i) => buffer.add(key, at, avg[i]));
  return { buffer, interval: measured };
}

/** The shortest time between two samples of a series. */
function intervalOf(columns: Columns[]): number | null {
  const t = columns.find((c) => c.t.length > 1)?.t ?? [];
  let least = Infinity;
  for (let i = 1; i < t.length; i++) least = Math.min(least, (t[i] ?? 0) - (t[i - 1] ?? 0));
  return least > 0 && least <= MINUTE ? least : null;
}

function* columnsOf(history: History): Generator<Columns> {
  for (const series of history.series) {
    const key = writeSeries(series.name, series.attributes);
    if (!wanted(key)) continue;
    if ('value' in series) yield { key, t: series.t, avg: series.value };
    else yield { key, t: series.t, avg: series.avg ?? [], min: series.min, max: series.max };
  }
}
