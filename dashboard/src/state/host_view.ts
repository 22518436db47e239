// What a host page shows: which range, following the present or not. Kept in the address, so that links hold it.

import type { View as Window } from '../charts/history_join';
import { stepFor } from '../charts/steps';

export const RANGES = { m15: 900, h1: 3600, h6: 21_600, h24: 86_400, d7: 604_800, d14: 1_209_600 } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

export interface HostView {
  /** null: a custom span. */
  name: RangeName | null;
  range: number;
  /** Right edge, Unix seconds; null follows the present. */
  end: number | null;
}

export function readView(query: URLSearchParams): HostView {
  const from = Number(query.get('from') ?? NaN);
  const to = Number(query.get('to') ?? NaN);
  if (to - from >= 1) return { name: null, range: to - from, end: to };
  const name = RANGE_NAMES.find((n) => n === query.get('range')) ?? 'm15';
  return { name, range: RANGES[name], end: null };
}

export function writeView(view: HostView): URLSearchParams {
  const query = new URLSearchParams();
  if (view.name && view.end === null) {
    if (view.name !== 'm15') query.set('range', view.name);
  } else if (view.end !== null) {
    query.set('from', String(Math.round(view.end - view.range)));
    query.set('to', String(Math.round(view.end)));
  }
  return query;
}

/** How wide a chart is drawn, CSS pixels: more points than that can't be seen. */
function plotWidth(): number {
  const columns = innerWidth >= 1920 ? 3 : innerWidth >= 1024 ? 2 : 1;
  return Math.max(240, (Math.min(innerWidth, 2400) - (innerWidth >= 640 ? 260 : 32)) / columns - 80);
}

/** The window of history that the charts of a view need. */
export const windowOf = ({ range, end }: HostView): Window => ({ step: stepFor(range, plotWidth()), range, end });
