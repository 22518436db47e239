// Figures for people. The API speaks base units; only this folder knows kB, GiB and percent.

import { fixed, formatLanguage } from './locale';

export const MISSING = '–';
export const NO_BREAK = '\u00a0';

/** A number and its unit apart: the unit is drawn muted and with a width of its own. */
export interface Figure {
  text: string;
  unit: string;
}

const missing = (value: number | null | undefined): value is null | undefined => value == null || !Number.isFinite(value);

const RATE = { en: ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'], ru: ['Б/с', 'кБ/с', 'МБ/с', 'ГБ/с', 'ТБ/с'] };
const SIZE = { en: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], ru: ['Б', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ', 'ПиБ'] };
const MS = { en: 'ms', ru: 'мс' };

export const rateUnit = (power: number): string => RATE[formatLanguage()][power] ?? '';
export const sizeUnit = (power: number): string => SIZE[formatLanguage()][power] ?? '';

/** Which power of 1000 a rate is written in: kB/s at least. */
export const ratePower = (bytesPerSecond: number): number =>
  Math.min(4, Math.max(1, Math.floor(Math.log10(Math.max(1, Math.abs(bytesPerSecond))) / 3)));

/** Which power of 1024 a size is written in; steps at 1000 of a unit, so that no figure has four digits. */
export function sizePower(bytes: number): number {
  let power = 0;
  for (let v = Math.abs(bytes); v >= 999.95 && power < 5; v /= 1024) power += 1;
  return Math.max(1, power);
}

export function rate(bytesPerSecond: number | null | undefined, power?: number): Figure {
  if (missing(bytesPerSecond)) return { text: MISSING, unit: '' };
  const p = power ?? ratePower(bytesPerSecond);
  return { text: fixed(bytesPerSecond / 1000 ** p, 1), unit: rateUnit(p) };
}

export function size(bytes: number | null | undefined, power?: number): Figure {
  if (missing(bytes)) return { text: MISSING, unit: '' };
  const p = power ?? sizePower(bytes);
  return { text: fixed(bytes / 1024 ** p, 1), unit: sizeUnit(p) };
}

/** Two sizes that stand beside each other, "874.9 MiB", "23.5 GiB": the first one's unit is left out where it is the same. */
export function sizes(part: number, whole: number): [string, string] {
  const [a, b] = [size(part), size(whole)];
  return [a.unit === b.unit ? a.text : `${a.text}${NO_BREAK}${a.unit}`, `${b.text}${NO_BREAK}${b.unit}`];
}

/** A ratio as the number before the percent sign. */
export const percent = (ratio: number | null | undefined, decimals = 0): string =>
  missing(ratio) ? MISSING : fixed(ratio * 100, decimals);

/** "97%" in English, "97 %" in Russian. */
export const percentSign = (): string => (formatLanguage() === 'ru' ? `${NO_BREAK}%` : '%');

export const plain = (value: number | null | undefined, decimals: number): string =>
  missing(value) ? MISSING : fixed(value, decimals);

export function milliseconds(seconds: number | null | undefined, decimals = 1): Figure {
  if (missing(seconds)) return { text: MISSING, unit: '' };
  return { text: fixed(seconds * 1000, decimals), unit: MS[formatLanguage()] };
}

/** Keeps a live figure's unit steady: it changes only after the value was past the step for `TICKS` ticks. */
export class SteadyPower {
  static readonly TICKS = 3;
  #power: number | null = null;
  #past = 0;

  constructor(private readonly of: (value: number) => number) {}

  next(value: number | null | undefined): number | undefined {
    if (missing(value)) return this.#power ?? undefined;
    const wanted = this.of(value);
    if (this.#power === null || wanted === this.#power) {
      this.#power = wanted;
      this.#past = 0;
    } else if (++this.#past > SteadyPower.TICKS) {
      this.#power = wanted;
      this.#past = 0;
    }
    return this.#power;
  }
}
