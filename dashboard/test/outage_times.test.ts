import { expect, test } from 'vitest';
import { timesOfPage } from '../src/format/outage_times';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;
const inZone = (timeZone: string) => (unix: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(unix * 1000);
const amsterdam = inZone('Europe/Amsterdam');

test('a correction is told in the zone of the page', () => {
  const words = 'host was up; network cut 10:33–10:34';
  expect(timesOfPage(words, utc('2026-11-27T10:33:12'), utc('2026-11-27T10:34:02'), amsterdam)).toBe('host was up; network cut 11:33–11:34');
  expect(timesOfPage(words, utc('2026-11-27T10:33:12'), utc('2026-11-27T10:34:02'), inZone('Asia/Kolkata'))).toBe('host was up; network cut 16:03–16:04');
  expect(timesOfPage(words, utc('2026-11-27T10:33:12'), utc('2026-11-27T10:34:02'), inZone('UTC'))).toBe(words);
});

test('over midnight, there and here', () => {
  expect(timesOfPage('network cut 23:58–00:03', utc('2026-11-27T23:58:40'), utc('2026-11-28T00:03:01'), amsterdam)).toBe('network cut 00:58–01:03');
  expect(timesOfPage('network cut 22:50–23:10', utc('2026-11-27T22:50:00'), utc('2026-11-27T23:10:01'), amsterdam)).toBe('network cut 23:50–00:10');
});

test('each time has the offset of its own day: the clocks went back during the outage', () => {
  // Summer time ended on 2026-10-25 at 01:00 UTC.
  expect(timesOfPage('network cut 22:30–05:30', utc('2026-10-24T22:30:10'), utc('2026-10-25T05:30:20'), amsterdam)).toBe('network cut 00:30–06:30');
  expect(timesOfPage('rebooted at 05:29', utc('2026-10-24T22:30:10'), utc('2026-10-25T05:30:20'), amsterdam)).toBe('rebooted at 06:29');
});

test('all times of a sentence, and nothing that is no time', () => {
  const words = 'host was up; network cut 10:33–10:40; no samples 10:34–10:35';
  expect(timesOfPage(words, utc('2026-11-27T10:33:12'), utc('2026-11-27T10:40:02'), amsterdam)).toBe('host was up; network cut 11:33–11:40; no samples 11:34–11:35');
  for (const none of ['port 8443', '12:345', '10:33:12', '99:99', '']) expect(timesOfPage(none, 0, 60, amsterdam)).toBe(none);
});
