// Since when there is anything of a host, if that is less than a day. The API doesn't tell when a host was enrolled; its
// first sample does.

import type { getHistory } from '../api/client';

export const DAY = 86_400;
const STEP = 600;
const SERIES = 'system.cpu.load_average.1m';

/** Unix seconds of the first sample of the last day; null when there is none. */
export async function firstSample(host: string, now: number, fetch: typeof getHistory): Promise<number | null> {
  const from = Math.floor((now - DAY) / STEP) * STEP;
  const first = async (begin: number, end: number, step: number): Promise<number | null> =>
    (await fetch({ host, series: [SERIES], from: begin, to: end, step })).series[0]?.t[0] ?? null;
  const coarse = await first(from, now, STEP);
  if (coarse === null || coarse <= from + STEP) return coarse;
  return (await first(coarse, coarse + STEP, 0)) ?? coarse;
}
