// The collector writes a correction's times in UTC ("network cut 09:33–09:34"); a page shows all times in its own zone.

import { dateFormat, HM } from './locale';

const DAY = 86_400;
const TIMES = /\b([01]\d|2[0-3]):([0-5]\d)(?:–([01]\d|2[0-3]):([0-5]\d))?(?!:?\d)/g;

/** Unix seconds to "14:02" in the page's zone. */
const hoursMinutes = (unix: number): string => dateFormat('hm', HM).format(unix * 1000);

/**
 * Rewrites each UTC "HH:MM" for `show`. Which day it was on follows from the outage itself: a span begins at the first
 * such time after `from` and ends at the last one before `to`; a time that stands alone is near the end.
 */
export function timesOfPage(words: string, from: number, to: number | null, show = hoursMinutes): string {
  const end = to ?? from;
  const first = (of: number): number => {
    const start = Math.floor(from / 60) * 60;
    return start + modulo(of - start, DAY);
  };
  const last = (of: number): number => {
    const stop = Math.floor(end / 60) * 60;
    return stop - modulo(stop - of, DAY);
  };
  return words.replace(TIMES, (_, h1: string, m1: string, h2?: string, m2?: string) => {
    const a = Number(h1) * 3600 + Number(m1) * 60;
    if (h2 === undefined || m2 === undefined) return show(last(a));
    return `${show(first(a))}–${show(last(Number(h2) * 3600 + Number(m2) * 60))}`;
  });
}

const modulo = (a: number, n: number): number => ((a % n) + n) % n;
