// Which rows of a long list stand near the screen. Rows have one of two known heights, so that nothing is measured but
// the table's place.

const WHOLE_UP_TO = 60;
const OVERSCAN_PX = 400;

export class WindowedList {
  first = $derived.by(() => this.#span().first);
  last = $derived.by(() => this.#span().last);
  /** Height of what isn't drawn, px. */
  above = $derived.by(() => this.#span().above);
  below = $derived.by(() => this.#span().below);

  #top = $state(0);
  #height = $state(typeof innerHeight === 'number' ? innerHeight : 900);
  #phone = $state(false);

  /** `tall` tells for each row whether it is of the tall kind. */
  constructor(
    private readonly tall: () => boolean[],
    private readonly table: () => HTMLElement | undefined,
  ) {}

  measure(): void {
    const box = this.table()?.getBoundingClientRect();
    if (!box) return;
    this.#top = -box.top;
    this.#height = innerHeight;
    this.#phone = innerWidth < 640;
  }

  #span = $derived.by(() => {
    const tall = this.tall();
    if (tall.length <= WHOLE_UP_TO) return () => ({ first: 0, last: tall.length, above: 0, below: 0 });
    const [row, high] = this.#phone ? [124, 124] : [32, 52];
    const from = this.#top - OVERSCAN_PX;
    const to = this.#top + this.#height + OVERSCAN_PX;
    let y = 34;
    let first = -1;
    let last = 0;
    let above = 0;
    let below = 0;
    tall.forEach((t, i) => {
      const h = t ? high : row;
      if (y + h < from) above += h;
      else if (y > to) below += h;
      else {
        if (first < 0) first = i;
        last = i + 1;
      }
      y += h;
    });
    const span = { first: Math.max(0, first), last, above, below };
    return () => span;
  });
}
