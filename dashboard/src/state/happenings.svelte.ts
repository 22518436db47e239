// What the agent of the host whose page is open reported beside samples: asked for when the range moves, and when the live
// row says that there is a newer one.

import type { getHappenings } from '../api/client';
import type { Happening } from '../api/types';

/** After an answer that failed. */
const AGAIN = 30;

export interface HappeningsEnvironment {
  /** The collector's clock, Unix seconds. */
  now(): number;
  fetch: typeof getHappenings;
}

export class Happenings {
  list = $state.raw<Happening[]>([]);
  #from = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    readonly host: string,
    private readonly env: HappeningsEnvironment,
  ) {}

  /** From `from` on, and never less than the last day. */
  async load(from: number = this.#from): Promise<void> {
    clearTimeout(this.#timer);
    const mine = ++this.#asked;
    this.#from = from;
    const to = this.env.now();
    try {
      const list = await this.env.fetch(this.host, Math.min(from, to - 86_400), to + 60);
      if (mine === this.#asked) this.list = list;
    } catch {
      if (mine === this.#asked) this.#timer = setTimeout(() => void this.load(), AGAIN * 1000);
    }
  }

  close(): void {
    this.#asked += 1;
    clearTimeout(this.#timer);
  }
}
