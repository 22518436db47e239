// The tokens as canvas needs them, read once a theme.

export interface Palette {
  series: string[];
  dash: number[][];
  heat: [number, number, number][];
  sans: string;
  area: number;
  fill: number;
  color(name: string): string;
}

let palette: Palette | null = null;
const listeners = new Set<() => void>();

export function forgetPalette(): void {
  palette = null;
  for (const listener of listeners) listener();
}
export function onPalette(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentPalette(): Palette {
  if (palette) return palette;
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const kept = new Map<string, string>();
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  palette = {
    series: ['', ...numbers.map((n) => token(`series-${n}`))],
    dash: [[], ...numbers.map((n) => token(`dash-${n}`).split(' ').filter(Boolean).map(Number))],
    heat: [0, 1, 2, 3, 4, 5].map((i) => channels(token(`heat-${i}`))),
    sans: token('sans'),
    area: Number(token('area')) || 0.5,
    fill: Number(token('fill')) || 0.2,
    color: (name) => {
      let value = kept.get(name);
      if (value === undefined) {
        value = token(name);
        kept.set(name, value);
      }
      return value;
    },
  };
  return palette;
}

/** "#rrggbb", or the "#rgb" that a minifier makes of it. */
export function channels(hex: string): [number, number, number] {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex;
  const at = (i: number): number => parseInt(full.slice(i, i + 2), 16) || 0;
  return [at(1), at(3), at(5)];
}

/** "#rrggbb" with an alpha 0..1. */
export const translucent = (hex: string, alpha: number): string => {
  const [r, g, b] = channels(hex);
  return `rgb(${r} ${g} ${b} / ${alpha})`;
};

/** A ratio 0..1 on the heat ramp. */
export function heatColor(ratio: number, p: Palette = currentPalette()): string {
  const place = Math.min(0.9999, Math.max(0, ratio)) * 5;
  const i = Math.floor(place);
  const a = p.heat[i] ?? [0, 0, 0];
  const b = p.heat[i + 1] ?? a;
  return `rgb(${a.map((v, k) => Math.round(v + ((b[k] ?? v) - v) * (place - i))).join(' ')})`;
}
