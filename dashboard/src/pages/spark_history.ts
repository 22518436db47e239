// The last minute of CPU for rows that came into sight, so that sparklines don't start empty. Two requests at a time.

import { getHistory } from '../api/client';
import { clock } from '../state/clock.svelte';
import { SPARK_POINTS, type FleetHost } from '../state/fleet.svelte';

const AT_ONCE = 2;
const MOST_WAITING = 60;

export class SparkHistory {
  #asked = new WeakSet<FleetHost>();
  #waiting: FleetHost[] = [];
  #running = 0;
  #abort = new AbortController();

  want(hosts: readonly FleetHost[]): void {
    for (const host of hosts) {
      if (this.#asked.has(host)) continue;
      this.#asked.add(host);
      this.#waiting.push(host);
    }
    if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
    this.#next();
  }

  close(): void {
    this.#waiting = [];
    this.#abort.abort();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const host = this.#waiting.pop();
      if (!host) return;
      this.#running += 1;
      void this.#fetch(host).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #fetch(host: FleetHost): Promise<void> {
    const to = host.row.lastTick ?? clock.read();
    try {
      const answer = await getHistory({ host: host.row.id, series: ['system.cpu.utilization{}'], from: to - SPARK_POINTS, to, step: 0 }, this.#abort.signal);
      const series = answer.series.find((s) => Object.keys(s.attributes).length === 0);
      if (!series || !('value' in series)) return;
      series.t.forEach((t, i) => {
        const value = series.value[i];
        if (value != null && t <= to) host.addPoint(t, value);
      });
    } catch {
      // A sparkline that starts empty is no fault worth a word.
    }
  }
}
