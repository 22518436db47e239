// A metric's value by its unit (UCUM, as the API names it): never guessed from how large it is.

import { fixed, formatLanguage } from './locale';
import { MISSING, NO_BREAK, percent, percentSign, rate, size } from './units';

const COUNTED: Record<string, { en: string; ru: string }> = {
  thread: { en: 'threads', ru: 'задач' },
  operation: { en: 'operations', ru: 'операций' },
  packet: { en: 'packets', ru: 'пакетов' },
  error: { en: 'errors', ru: 'ошибок' },
  process: { en: 'processes', ru: 'процессов' },
};
const SECOND = { en: 's', ru: 'с' };

/** `ratio`: does a value without dimension mean a share of a whole? Its metric's name tells, the unit "1" doesn't. */
export function quantity(value: number | null | undefined, unit: string, ratio: boolean): string {
  if (value == null || !Number.isFinite(value)) return MISSING;
  if (ratio && (unit === '1' || unit === '')) return `${percent(value, 1)}${percentSign()}`;
  const language = formatLanguage();
  if (unit === 'By' || unit === 'By/s') {
    const { text, unit: written } = unit === 'By' ? size(value) : rate(value);
    return `${text}${NO_BREAK}${written}`;
  }
  const number = fixed(value, 2);
  if (unit === '1' || unit === '') return number;
  if (unit === 's') return `${number}${NO_BREAK}${SECOND[language]}`;
  if (unit === 'Cel') return `${number}${NO_BREAK}°C`;
  const [, name = '', per = ''] = /^\{?([^{}/]*)\}?(\/s)?$/.exec(unit) ?? [];
  const words = (name === '1' ? '1' : COUNTED[name]?.[language]) ?? (name || unit);
  return `${number}${NO_BREAK}${words}${per && `/${SECOND[language]}`}`;
}

/** Does the sentence of an alert tell of a ratio? It begins with what was judged: a series' name, or the words for one. */
export const tellsRatio = (reason: string): boolean =>
  /^(CPU utili[sz]ation|available memory|free space on)\b/.test(reason) || /^\S*(utilization|ratio)(\{|\s|$)/.test(reason);
