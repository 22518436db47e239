// Where a chart has no data, and why. Pure.

import type { Outage } from '../api/types';

export interface Gap {
  from: number;
  to: number;
  /** The outage that it belongs to; null when nobody knows. */
  outage: Outage | null;
}

/**
 * Runs without data up to `end`, after the first value; before it only what a known outage covers, for nobody knows
 * whether the host was there. `present[i]` is the bucket at times[i].
 */
export function findGaps(times: number[], present: boolean[], step: number, end: number, outages: Outage[], least: number): Gap[] {
  const gaps: Gap[] = [];
  let seen = -1;
  const add = (from: number, to: number): void => {
    if (to - from >= least) gaps.push({ from, to, outage: reasonOf(from, to, outages) });
  };
  for (let i = 0; i < times.length; i++) {
    if (!present[i]) continue;
    const before = times[seen];
    const here = times[i];
    if (before !== undefined && here !== undefined && i - seen > 1) add(before + step, here);
    seen = i;
  }
  const last = times[seen];
  if (last !== undefined && end > last + step) add(last + step, end);
  return [...knownBefore(times[0] ?? end, times[present.indexOf(true)] ?? end, outages), ...gaps];
}

/** Outages between the window's left edge and its first value, which began before the window or within. */
function knownBefore(from: number, first: number, outages: Outage[]): Gap[] {
  return outages
    .map((outage) => ({ from: Math.max(from, outage.from), to: Math.min(first, outage.to ?? Infinity), outage }))
    .filter((gap) => gap.to > gap.from);
}

/** The outage that covers most of the span. */
function reasonOf(from: number, to: number, outages: Outage[]): Outage | null {
  let best: Outage | null = null;
  let most = 0;
  for (const outage of outages) {
    const shared = Math.min(to, outage.to ?? Infinity) - Math.max(from, outage.from);
    if (shared > most) {
      most = shared;
      best = outage;
    }
  }
  return best;
}
