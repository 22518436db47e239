// The processes that used most on the host whose page is open, at the charts' cursor, else at the right edge of what they
// show. Asked for by the hour and kept: a cursor that moves asks once it rests, and not again for what is known.

import type { getProcesses } from '../api/client';
import type { ProcessList } from '../api/types';

const HOUR = 3600;
/** The agent tells every minute: how far from a time its list may lie. */
const WITHIN = 90;
const REST_MS = 150;
/** How often what isn't over is asked for again, seconds. */
const FRESH = 30;
const AGAIN = 30;
const MOST_HOURS = 24;

export interface ProcessesEnvironment {
  /** The collector's clock, Unix seconds. */
  now(): number;
  fetch: typeof getProcesses;
}

interface Hour {
  lists: ProcessList[];
  /** What came before is known. */
  until: number;
}

/** The list whose span holds the time, else the nearest within 90 s. */
export function listAt(lists: readonly ProcessList[], time: number): ProcessList | null {
  let best: ProcessList | null = null;
  for (const list of lists) {
    if (list.at >= time && list.at - list.span <= time) return list;
    const away = Math.abs(list.at - time);
    if (away <= WITHIN && (!best || away < Math.abs(best.at - time))) best = list;
  }
  return best;
}

export class Processes {
  list = $state.raw<ProcessList | null>(null);
  /** What is shown; null until the first answer. */
  at = $state<number | null>(null);
  /** This host's agent told some, of whatever was asked for so far. */
  told = $state(false);
  failure = $state('');
  readonly #hours = new Map<number, Hour>();
  /** null: the newest. */
  #wanted: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    readonly host: string,
    private readonly env: ProcessesEnvironment,
  ) {}

  /** Of this time, or the newest. */
  show(time: number | null): void {
    this.#wanted = time;
    this.#asked += 1; // an answer under way is kept, but no longer waited for
    this.#draw();
    this.#later(this.#missing() ? REST_MS : FRESH * 1000);
  }

  /** Forgets what it knows: an agent that was away tells more of the past. */
  reload(): void {
    this.#hours.clear();
    this.show(this.#wanted);
  }

  close(): void {
    this.#asked += 1;
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), ms);
  }

  #time(): number {
    return this.#wanted ?? this.env.now();
  }
  #hour(): number {
    return Math.floor(this.#time() / HOUR) * HOUR;
  }
  /** What is known of the hour doesn't reach as far as it could. */
  #missing(): boolean {
    const end = Math.min(this.#hour() + HOUR + WITHIN, this.env.now());
    return (this.#hours.get(this.#hour())?.until ?? -Infinity) < end - FRESH;
  }

  #draw(): void {
    const lists = this.#hours.get(this.#hour())?.lists;
    if (!lists) return;
    const newest = lists.at(-1);
    this.list = this.#wanted === null && newest && this.env.now() - newest.at <= 2 * WITHIN ? newest : listAt(lists, this.#time());
    this.at = this.list?.at ?? this.#time();
  }

  async #load(): Promise<void> {
    if (document.hidden) return this.#later(FRESH * 1000);
    const mine = this.#asked;
    const hour = this.#hour();
    const known = this.#hours.get(hour);
    const to = Math.min(hour + HOUR + WITHIN, this.env.now());
    // Lists come a little late: those of the last minutes are asked for again.
    const from = Math.max(hour - 2 * WITHIN, (known?.until ?? -Infinity) - 2 * WITHIN);
    let wait = FRESH;
    if (this.#missing()) {
      try {
        const fresh = await this.env.fetch(this.host, from, to + 1);
        this.#keep(hour, known, fresh, from, to);
        if (mine === this.#asked) this.failure = '';
      } catch (error) {
        wait = AGAIN;
        if (mine === this.#asked) this.failure = error instanceof Error ? error.message : String(error);
      }
    }
    if (mine !== this.#asked) return;
    this.#draw();
    this.#later(wait * 1000);
  }

  #keep(hour: number, known: Hour | undefined, fresh: ProcessList[], from: number, until: number): void {
    const lists = [...(known?.lists ?? []).filter((list) => list.at < from), ...fresh];
    this.#hours.delete(hour);
    this.#hours.set(hour, { lists, until });
    this.told ||= fresh.length > 0;
    for (const oldest of this.#hours.keys()) {
      if (this.#hours.size <= MOST_HOURS) break;
      this.#hours.delete(oldest);
    }
  }
}
