// Ages, clocks and the time zone's name. Times are Unix seconds in the collector's clock.

import { dateFormat, fixed, formatLanguage, HM } from './locale';
import { MISSING, NO_BREAK } from './units';

const PARTS = {
  en: { d: 'd', h: 'h', min: 'min', s: 's' },
  ru: { d: 'д', h: 'ч', min: 'мин', s: 'с' },
};

/** "0.4 s", "38 s", "4 min 12 s", "2 h 11 min", "41 d 6 h": two parts at most, a decimal only below 10 s. */
export function age(seconds: number | null | undefined, decimals = true): string {
  if (seconds == null || !Number.isFinite(seconds)) return MISSING;
  const u = PARTS[formatLanguage()];
  const s = Math.max(0, seconds);
  if (s < 9.95 && decimals) return `${fixed(s, 1)}${NO_BREAK}${u.s}`;
  const whole = Math.floor(s);
  if (whole < 60) return `${whole}${NO_BREAK}${u.s}`;
  const two = (a: number, ua: string, b: number, ub: string): string =>
    b === 0 ? `${a}${NO_BREAK}${ua}` : `${a}${NO_BREAK}${ua} ${b}${NO_BREAK}${ub}`;
  if (whole < 3600) return two(Math.floor(whole / 60), u.min, whole % 60, u.s);
  if (whole < 86_400) return two(Math.floor(whole / 3600), u.h, Math.floor((whole % 3600) / 60), u.min);
  return two(Math.floor(whole / 86_400), u.d, Math.floor((whole % 86_400) / 3600), u.h);
}

const HMS: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const DAY: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };

const day = (unix: number): string => dateFormat('day', DAY).format(unix * 1000);

/** "14:02:18"; with the day in front when it isn't today. */
export function clock(unix: number | null | undefined, now: number): string {
  if (unix == null || !Number.isFinite(unix)) return MISSING;
  const time = dateFormat('hms', HMS).format(unix * 1000);
  return day(unix) === day(now) ? time : `${day(unix)}, ${time}`;
}

/** An axis label: hours and minutes, seconds for short steps, the day for long ones. */
export function axisTime(unix: number, step: number): string {
  if (step < 60) return dateFormat('hms', HMS).format(unix * 1000);
  const date = new Date(unix * 1000);
  if (step >= 86_400 || (step >= 3600 && date.getHours() === 0 && date.getMinutes() === 0)) return day(unix);
  return dateFormat('hm', HM).format(date);
}

/** "Europe/Amsterdam, UTC+1": named once a page. */
export function zone(at: number = Date.now()): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const minutes = -new Date(at).getTimezoneOffset();
  if (minutes === 0) return name === 'UTC' ? 'UTC' : `${name}, UTC`;
  const h = Math.floor(Math.abs(minutes) / 60);
  const m = Math.abs(minutes) % 60;
  return `${name}, UTC${minutes < 0 ? '−' : '+'}${h}${m ? `:${String(m).padStart(2, '0')}` : ''}`;
}
