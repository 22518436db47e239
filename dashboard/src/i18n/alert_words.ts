// What an alert is called and what is said of it, in the page's language.

import { quantity, tellsRatio } from '../format/quantity';
import { age, clock as clockText } from '../format/time';
import type { AlertRow } from '../state/alerts.svelte';
import { i18n } from './language.svelte';

export function alertTitle(a: AlertRow): string {
  const where = Object.values(a.attributes).join(', ');
  const rule = a.rule === 'host-down' ? i18n.t.alert.hostDown : a.rule;
  return where ? `${rule}, ${where}` : rule;
}

export const alertValue = (a: AlertRow): string => quantity(a.value, a.unit, tellsRatio(a.reason));

/** Who was told, or when they will be. */
export function alertNotice(a: AlertRow, now: number): string {
  const told = a.notifiedAt ?? (a.notifiesAt !== null && a.notifiesAt <= now && a.phase !== 'resolved' ? a.notifiesAt : null);
  if (told !== null) return i18n.t.banner.notified(clockText(told, now));
  return a.phase === 'resolved' || a.notifiesAt === null ? '' : i18n.t.banner.notifiesIn(age(a.notifiesAt - now, false));
}
