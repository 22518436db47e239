// The collector's time, as well as the browser can know it, and a once-a-second pulse for ages. No pulse while hidden.

const SAME_CLOCK_MS = 2000;

class Clock {
  /** Added to the browser's clock, ms. Below the Date header's own resolution it stays 0. */
  #offset = 0;
  /** Unix seconds, renewed each second while the page can be seen. */
  now = $state(Date.now() / 1000);

  /** Unix seconds this instant; not reactive. */
  read(): number {
    return (Date.now() + this.#offset) / 1000;
  }

  /** An HTTP answer's Date: whole seconds, cut down. */
  learn(dateMs: number): void {
    const difference = dateMs + 500 - Date.now();
    this.#offset = Math.abs(difference) < SAME_CLOCK_MS ? 0 : difference;
  }

  start(): void {
    setInterval(() => {
      if (!document.hidden) this.now = this.read();
    }, 1000);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now = this.read();
    });
  }
}

export const clock = new Clock();
