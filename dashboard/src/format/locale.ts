// Intl formatters are costly to make: one a locale and shape, kept.

export type Language = 'en' | 'ru';

let language: Language = 'en';
export const setFormatLanguage = (next: Language): void => {
  language = next;
};
export const formatLanguage = (): Language => language;

const numbers = new Map<string, Intl.NumberFormat>();

/** A number with constant decimals; never trimmed. */
export function fixed(value: number, decimals: number): string {
  const key = `${language}${decimals}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    numbers.set(key, format);
  }
  return format.format(value);
}

const dates = new Map<string, Intl.DateTimeFormat>();

export function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}${name}`;
  let format = dates.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, options);
    dates.set(key, format);
  }
  return format;
}

export const HM: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
