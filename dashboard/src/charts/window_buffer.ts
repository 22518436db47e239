// The data behind one host's charts: a ring of buckets a series in typed arrays, outside framework state. Stepped history,
// the raw samples of the bucket that is still filling, and live ticks go in; every sample counts once, by its tick time.

export interface Columns {
  key: string;
  t: number[];
  avg: (number | null)[];
  min?: (number | null)[] | undefined;
  max?: (number | null)[] | undefined;
}

const ms = (t: number): number => Math.round(t * 1000);

class Slot {
  readonly avg: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Which bucket each place of the ring holds now; others are stale. */
  readonly bucket: Float64Array;
  last = -Infinity; // ms
  #open = -Infinity;
  #sum = 0;
  #count = 0;

  constructor(size: number) {
    this.avg = new Float64Array(size);
    this.min = new Float64Array(size);
    this.max = new Float64Array(size);
    this.bucket = new Float64Array(size).fill(-1);
  }

  put(bucket: number, avg: number, min: number, max: number): void {
    const i = bucket % this.bucket.length;
    this.bucket[i] = bucket;
    this.avg[i] = avg;
    this.min[i] = min;
    this.max[i] = max;
  }

  add(bucket: number, value: number): void {
    if (bucket < this.#open) return;
    if (bucket > this.#open) {
      this.#open = bucket;
      this.#sum = 0;
      this.#count = 0;
    }
    this.#sum += value;
    this.#count += 1;
    const i = bucket % this.bucket.length;
    const first = this.#count === 1;
    this.put(bucket, this.#sum / this.#count, first ? value : Math.min(this.min[i] ?? value, value), first ? value : Math.max(this.max[i] ?? value, value));
  }
}

export class WindowBuffer {
  readonly #slots = new Map<string, Slot>();
  readonly #size: number;

  /** `step` in seconds; `range` is how many seconds are kept. */
  constructor(
    readonly step: number,
    readonly range: number,
  ) {
    this.#size = Math.ceil(range / step) + 2;
  }

  get keys(): Iterable<string> {
    return this.#slots.keys();
  }
  has(key: string): boolean {
    return this.#slots.has(key);
  }
  /** Newest tick of any series, Unix seconds; -Infinity when empty. */
  newest(): number {
    let newest = -Infinity;
    for (const slot of this.#slots.values()) newest = Math.max(newest, slot.last);
    return newest / 1000;
  }

  #slot(key: string): Slot {
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = new Slot(this.#size);
      this.#slots.set(key, slot);
    }
    return slot;
  }

  bucketOf(t: number): number {
    return Math.floor(ms(t) / (this.step * 1000));
  }

  /** Closed steps from history. */
  load(columns: Columns): void {
    const slot = this.#slot(columns.key);
    columns.t.forEach((t, i) => {
      const avg = columns.avg[i];
      if (avg == null) return;
      slot.put(this.bucketOf(t), avg, columns.min?.[i] ?? avg, columns.max?.[i] ?? avg);
    });
  }

  /** One sample, from raw history or live. False when it was here already. */
  add(key: string, t: number, value: number | null | undefined): boolean {
    if (value == null || !Number.isFinite(value)) return false;
    const slot = this.#slot(key);
    const at = ms(t);
    if (at <= slot.last) return false;
    slot.last = at;
    slot.add(this.bucketOf(t), value);
    return true;
  }

  /**
   * The buckets [first, first + count) into `out`; null where nothing is. Holes of at most `hole` buckets between two
   * values are filled with the earlier one: an interval longer than the step is no gap.
   */
  read(key: string, first: number, count: number, out: (number | null)[], which: 'avg' | 'min' | 'max' = 'avg', hole = 0): void {
    out.length = count;
    const slot = this.#slots.get(key);
    if (!slot) {
      out.fill(null);
      return;
    }
    const values = slot[which];
    let seen = -Infinity;
    for (let i = 0; i < count; i++) {
      const bucket = first + i;
      const place = bucket % this.#size;
      if (slot.bucket[place] !== bucket) {
        out[i] = null;
        continue;
      }
      out[i] = values[place] ?? null;
      if (i - seen > 1 && i - seen - 1 <= hole) out.fill(out[seen] ?? null, seen + 1, i);
      seen = i;
    }
  }
}
