// The outages of the host whose page is open: asked for when its status changes, and slowly again while one that has ended
// isn't explained yet, which may take as long as the agent's backfill of a day.

import type { getOutages } from '../api/client';
import type { Outage } from '../api/types';

const POLL_LEAST = 4; // s
const POLL_MOST = 60;
/** An hour after its end nothing more is expected. */
const EXPECTED = 3600;
/** After an answer that failed. */
const AGAIN = 30;

export interface OutagesEnvironment {
  /** The collector's clock, Unix seconds. */
  now(): number;
  fetch: typeof getOutages;
  /** An outage got its explanation: what the agent kept is in history now. */
  onExplained(): void;
}

export class Outages {
  list = $state.raw<Outage[]>([]);
  #from = Infinity;
  #explained = new Map<number, string>();
  #known = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    readonly host: string,
    private readonly env: OutagesEnvironment,
  ) {}

  /** From `from` on, and never less than the last day. */
  async load(from: number = this.#from): Promise<void> {
    clearTimeout(this.#timer);
    const mine = ++this.#asked;
    this.#from = from;
    const to = this.env.now();
    try {
      const list = await this.env.fetch(this.host, Math.min(from, to - 86_400), to);
      if (mine === this.#asked) this.#take(list);
    } catch {
      // Gaps then stay without a reason for a while; the connection's pill tells of the collector.
      if (mine === this.#asked) this.#later(AGAIN);
    }
  }

  close(): void {
    this.#asked += 1;
    clearTimeout(this.#timer);
  }

  #take(list: Outage[]): void {
    this.list = list;
    const before = this.#explained;
    this.#explained = new Map(list.map((o) => [o.from, o.correction]));
    if (this.#known && list.some((o) => o.correction && before.has(o.from) && before.get(o.from) !== o.correction)) this.env.onExplained();
    this.#known = true;
    const ages = list.filter(open).map((o) => this.env.now() - (o.to ?? 0)).filter((age) => age < EXPECTED);
    if (ages.length) this.#later(Math.min(POLL_MOST, Math.max(POLL_LEAST, Math.min(...ages) / 2)));
  }

  #later(seconds: number): void {
    this.#timer = setTimeout(() => void this.load(), seconds * 1000);
  }
}

/** Ended and not explained. A stop that was announced needs no explanation and gets none. */
const open = (outage: Outage): boolean => outage.to !== null && outage.correction === '' && outage.status !== 'stopped';
