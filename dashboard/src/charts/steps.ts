// Round numbers: steps of time for queries and axes, steps of value for grids. Pure.

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** The step in seconds that gives at most one point a pixel. */
export function stepFor(range: number, pixels: number): number {
  const least = range / Math.max(50, pixels);
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}

const LABEL_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/** The step between time labels, at least `space` pixels apart. */
export function labelStep(range: number, pixels: number, space = 84): number {
  const least = (range * space) / Math.max(1, pixels);
  return LABEL_STEPS.find((step) => step >= least) ?? 2_592_000;
}

/** Label positions on round local times, none within 12 % of a step of the ends. */
export function labelTimes(from: number, to: number, step: number, zoneOffset = 0): number[] {
  const out: number[] = [];
  for (let t = Math.ceil((from + zoneOffset) / step) * step - zoneOffset; t <= to; t += step) {
    if (t - from > step * 0.12 && to - t > step * 0.12) out.push(t);
  }
  return out;
}

/** A round number not below `value`: 1, 2, 5 times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const m of [1, 2, 5, 10]) if (value <= m * power * (1 + 1e-9)) return m * power;
  return 10 * power;
}

/** Grid values from `bottom` to `top`, 3 to 6 of them, on steps of 1, 2, 5. */
export function marks(bottom: number, top: number): number[] {
  const step = roundUp((top - bottom) / 4);
  const out: number[] = [];
  for (let i = Math.ceil(bottom / step - 1e-9); i * step <= top * (1 + 1e-9); i++) out.push(i * step || 0);
  return out;
}

/** A y range that ends on a grid step of 1, 2, 5, grows by whole ones and shrinks only when reset (a new range was chosen). */
export class GrowingTop {
  #top = 0;

  constructor(private readonly least: number) {}

  reset(): void {
    this.#top = 0;
  }
  next(peak: number): number {
    const high = Math.max(this.least, peak * 1.04);
    const step = roundUp(high / 4);
    const wanted = Math.ceil(high / step - 1e-9) * step;
    if (wanted > this.#top) this.#top = wanted;
    return this.#top;
  }
}
