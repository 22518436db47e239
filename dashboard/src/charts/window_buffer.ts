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
  /** Buckets up to this one are whole: no tick is added to an average whose count nobody knows. */
  #closed = -Infinity;
  #open = -Infinity;
  #sum = 0;
  #count = 0;

  constructor(size: number) {
    this.avg = new Float64Array(size);
    this.min = new Float64Array(size);
    this.max = new Float64Array(size);
    this.bucket = new Float64Array(size).fill(-1);
  }

  close(bucket: number, avg: number, min: number, max: number): void {
    this.#closed = Math.max(this.#closed, bucket);
    this.put(bucket, avg, min, max);
  }

  put(bucket: number, avg: number, min: number, max: number): void {
    const i = bucket % this.bucket.length;
    this.bucket[i] = bucket;
    this.avg[i] = avg;
    this.min[i] = min;
    this.max[i] = max;
  }

  /** `weight`: how many samples stand behind the value. */
  add(bucket: number, value: number, min: number, max: number, weight: number): void {
    if (bucket < this.#open || bucket <= this.#closed) return;
    if (bucket > this.#open) {
      this.#open = bucket;
      this.#sum = 0;
      this.#count = 0;
    }
    const first = this.#count === 0;
    this.#sum += value * weight;
    this.#count += weight;
    const i = bucket % this.bucket.length;
    this.put(bucket, this.#sum / this.#count, first ? min : Math.min(this.min[i] ?? min, min), first ? max : Math.max(this.max[i] ?? max, max));
  }

  copy(): Slot {
    const copy = new Slot(this.bucket.length);
    for (const name of ['avg', 'min', 'max', 'bucket'] as const) copy[name].set(this[name]);
    return copy;
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
      slot.close(this.bucketOf(t), avg, columns.min?.[i] ?? avg, columns.max?.[i] ?? avg);
    });
  }

  /** Finer steps of `span` seconds, each worth `weight` samples: the part of a long bucket that isn't fetched raw. */
  fold(columns: Columns, span: number, weight: number): void {
    const slot = this.#slot(columns.key);
    columns.t.forEach((t, i) => {
      const avg = columns.avg[i];
      if (avg == null || ms(t) <= slot.last) return;
      slot.last = ms(t + span) - 1;
      slot.add(this.bucketOf(t), avg, columns.min?.[i] ?? avg, columns.max?.[i] ?? avg, weight);
    });
  }

  /** One sample, from raw history or live. False when it was here already. */
  add(key: string, t: number, value: number | null | undefined): boolean {
    if (value == null || !Number.isFinite(value)) return false;
    const slot = this.#slot(key);
    const at = ms(t);
    if (at <= slot.last) return false;
    slot.last = at;
    slot.add(this.bucketOf(t), value, value, value, 1);
    return true;
  }

  /**
   * Is there a value in each bucket between two ticks, `interval` seconds apart at most? Null when the step is too wide
   * for the span to tell.
   */
  covers(from: number, to: number, interval: number): boolean | null {
    const last = this.bucketOf(to) - 1;
    const first = Math.max(this.bucketOf(from) + 1, last - this.#size + 2);
    if (last < first) return null;
    const most = Math.max(0, Math.ceil((1.5 * interval) / this.step) - 1);
    const slots = [...this.#slots.values()];
    let missing = 0;
    for (let bucket = first; bucket <= last; bucket++) {
      const place = bucket % this.#size;
      missing = slots.some((slot) => slot.bucket[place] === bucket) ? 0 : missing + 1;
      if (missing > most) return false;
    }
    return true;
  }

  /** What is held now, for a picture that stands still while ticks go on. */
  copy(): WindowBuffer {
    const copy = new WindowBuffer(this.step, this.range);
    for (const [key, slot] of this.#slots) copy.#slots.set(key, slot.copy());
    return copy;
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
