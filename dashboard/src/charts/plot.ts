// One uPlot in Vedette's clothes. Made once; afterwards only setData(). Series' arrays are the caller's and reused.

import uPlot from 'uplot';
import { axisTime } from '../format/time';
import type { Gap } from './gaps';
import { currentPalette, heatColor, onPalette, translucent, type Palette } from './palette';
import { labelStep, labelTimes, marks } from './steps';

export interface PlotSeries {
  n: number; // which of the tokens' series colours
  dash?: number;
  band?: boolean; // the frame brings min and max
}
export interface Limit {
  y: number;
  text: string;
}
export interface Frame {
  from: number;
  to: number;
  t: number[];
  values: (number | null)[][];
  min?: (number | null)[] | null;
  max?: (number | null)[] | null;
  /** Per-core ratios, one row a core. */
  heat?: (number | null)[][] | null;
  bottom: number;
  top: number;
  marks?: number[];
  gaps: Gap[];
  bands: { from: number; to: number; severity: string }[];
  limit?: Limit | null;
}
export interface PlotOptions {
  series: PlotSeries[];
  kind: 'stacked' | 'lines' | 'areas' | 'heat';
  height: number;
  sync?: string;
  label(value: number): string;
  /** Index into the frame under the cursor, null when it left. */
  onCursor(index: number | null): void;
  /** A span was dragged. */
  onZoom(from: number, to: number): void;
}

const AXIS_X = 24;
const AXIS_Y = 48;

export class Plot {
  #plot: uPlot | null = null;
  #frame: Frame | null = null;
  #data: (number | null)[][] = [];
  #palette: Palette;
  #hatch: CanvasPattern | null = null;
  readonly #observer: ResizeObserver;
  readonly #forget: () => void;

  constructor(
    private readonly element: HTMLElement,
    private readonly options: PlotOptions,
  ) {
    this.#palette = currentPalette();
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(element);
    // uPlot fixes colours when it is made: a new theme is the one reason to make it again.
    this.#forget = onPalette(() => {
      this.#plot?.destroy();
      this.#plot = null;
      this.#hatch = null;
      this.#palette = currentPalette();
      if (this.#frame) this.draw(this.#frame);
    });
  }

  get width(): number {
    return Math.max(100, this.element.clientWidth - 12 - AXIS_Y);
  }

  draw(frame: Frame): void {
    this.#frame = frame;
    this.#fill(frame);
    const data = [frame.t, ...this.#data] as unknown as uPlot.AlignedData;
    if (this.#plot) this.#plot.setData(data);
    else if (this.element.clientWidth > 0) this.#plot = new uPlot(this.#build(), data, this.element);
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#forget();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #resize(): void {
    const width = this.element.clientWidth - 12;
    if (width <= 0) return;
    if (!this.#plot) {
      if (this.#frame) this.draw(this.#frame);
    } else if (width !== this.#plot.width) this.#plot.setSize({ width, height: this.options.height });
  }

  /** Stacks into arrays of our own, which are reused from frame to frame. */
  #fill(frame: Frame): void {
    const n = frame.t.length;
    frame.values.forEach((values, k) => {
      const out = (this.#data[k] ??= []);
      const below = k > 0 ? this.#data[k - 1] : undefined;
      out.length = n;
      for (let i = 0; i < n; i++) {
        const v = values[i] ?? null;
        const base = this.options.kind === 'stacked' && below ? (below[i] ?? null) : 0;
        out[i] = v === null || base === null ? null : v + base;
      }
    });
    if (this.options.series.some((s) => s.band)) {
      this.#data[frame.values.length] = frame.max ?? new Array<null>(n).fill(null);
      this.#data[frame.values.length + 1] = frame.min ?? new Array<null>(n).fill(null);
    }
  }

  #build(): uPlot.Options {
    const o = this.options;
    const p = this.#palette;
    const font = `11px ${p.sans}`;
    const ink = p.color('text-3');
    const stacked = o.kind === 'stacked';
    const colors = o.series.map((s) => p.series[s.n] ?? ink);
    const series: uPlot.Series[] = [
      {},
      ...o.series.map((s, k): uPlot.Series => {
        const color = colors[k] ?? ink;
        const fill = stacked ? translucent(color, p.area) : o.kind === 'areas' ? translucent(color, 0.14) : null;
        return {
          stroke: color,
          width: stacked ? 1.25 : 1.5,
          points: { show: false },
          ...(stacked || !s.dash ? {} : { dash: p.dash[s.dash] ?? [] }),
          ...(fill ? { fill } : {}),
        };
      }),
    ];
    const bands: uPlot.Band[] = stacked ? o.series.slice(1).map((_, k) => ({ series: [k + 2, k + 1] })) : [];
    const banded = o.series.findIndex((s) => s.band);
    if (banded >= 0) {
      const quiet: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
      series.push(quiet, quiet);
      bands.push({ series: [series.length - 2, series.length - 1], fill: translucent(colors[banded] ?? ink, p.fill) });
    }
    return {
      width: this.element.clientWidth - 12,
      height: o.height,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      series,
      bands,
      hooks: {
        drawAxes: [(u) => this.#behind(u)],
        draw: [(u) => this.#before(u)],
        setCursor: [(u) => o.onCursor(u.cursor.left != null && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)],
        setSelect: [(u) => this.#selected(u)],
      },
      cursor: {
        y: false,
        ...(o.sync ? { sync: { key: o.sync } } : {}),
        drag: { x: true, y: false, setScale: false },
        points:
          o.kind === 'heat' || stacked
            ? { show: false }
            : { size: 7, width: 2, fill: (_u, k) => colors[k - 1] ?? 'transparent', stroke: (_u, k) => (colors[k - 1] ? p.color('surface') : 'transparent') },
      },
      scales: {
        x: { time: true, range: () => [this.#frame?.from ?? 0, this.#frame?.to ?? 1] },
        y: { range: () => [this.#frame?.bottom ?? 0, this.#frame?.top ?? 1] },
      },
      axes: [
        {
          stroke: ink, font, size: AXIS_X, gap: 4,
          grid: { show: false }, ticks: { show: false }, border: { show: false },
          splits: (u) => {
            const { from = 0, to = 1 } = this.#frame ?? {};
            return labelTimes(from, to, labelStep(to - from, u.width - AXIS_Y), -new Date(to * 1000).getTimezoneOffset() * 60);
          },
          values: (u, times) => {
            const { from = 0, to = 1 } = this.#frame ?? {};
            const step = labelStep(to - from, u.width - AXIS_Y);
            return times.map((t) => axisTime(t, step));
          },
        },
        {
          stroke: ink, font, size: AXIS_Y, gap: 8,
          grid: { show: o.kind !== 'heat', stroke: p.color('grid'), width: 1 }, ticks: { show: false },
          splits: () => this.#frame?.marks ?? marks(this.#frame?.bottom ?? 0, this.#frame?.top ?? 1),
          values: (_u, values) => values.map((v) => o.label(v)),
        },
      ],
    };
  }

  #selected(u: uPlot): void {
    if (u.select.width < 6) return;
    const from = u.posToVal(u.select.left, 'x');
    const to = u.posToVal(u.select.left + u.select.width, 'x');
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.options.onZoom(from, to);
  }

  /** Under the series: cells of the heat-map, alert bands, hatched gaps. */
  #behind(u: uPlot): void {
    const frame = this.#frame;
    if (!frame) return;
    const g = u.ctx;
    const { left, top, width, height } = u.bbox;
    const x = (t: number): number => Math.round(u.valToPos(t, 'x', true));
    g.save();
    g.beginPath();
    g.rect(left, top, width, height);
    g.clip();
    if (frame.heat) this.#cells(g, frame, x, u.bbox);
    for (const band of frame.bands) {
      g.fillStyle = translucent(this.#palette.color(band.severity), 0.1);
      g.fillRect(x(band.from), top, x(band.to) - x(band.from), height);
    }
    for (const gap of frame.gaps) {
      const from = x(gap.from);
      g.fillStyle = this.#hatching(g);
      g.fillRect(from, top, Math.max(1, x(gap.to) - from), height);
    }
    g.restore();
  }

  #cells(g: CanvasRenderingContext2D, frame: Frame, x: (t: number) => number, box: uPlot.BBox): void {
    const rows = frame.heat ?? [];
    const tall = box.height / Math.max(1, rows.length);
    const seam = tall > 5 * devicePixelRatio ? devicePixelRatio : 0;
    const step = (frame.t[1] ?? 0) - (frame.t[0] ?? 0);
    rows.forEach((row, k) => {
      const y = Math.round(k * tall);
      const h = Math.round((k + 1) * tall) - y - seam;
      for (let i = 0; i < row.length; i++) {
        const value = row[i];
        const t = frame.t[i];
        if (value == null || t === undefined) continue;
        const from = x(t);
        g.fillStyle = heatColor(value, this.#palette);
        g.fillRect(from, box.top + y, x(t + step) - from + 0.5, h);
      }
    });
  }

  /** Over the series: alert bars on the top edge, the capacity line. */
  #before(u: uPlot): void {
    const frame = this.#frame;
    if (!frame) return;
    const g = u.ctx;
    const r = devicePixelRatio;
    const { left, top, width, height } = u.bbox;
    g.save();
    for (const band of frame.bands) {
      const from = Math.max(left, Math.round(u.valToPos(band.from, 'x', true)));
      const to = Math.min(left + width, Math.round(u.valToPos(band.to, 'x', true)));
      if (to <= from) continue;
      g.fillStyle = this.#palette.color(band.severity);
      g.fillRect(from, top, to - from, 3 * r);
      if (from > left) g.fillRect(from, top, Math.max(1, r), height);
    }
    if (frame.limit) this.#limit(g, frame.limit, Math.round(u.valToPos(frame.limit.y, 'y', true)) + 0.5, u.bbox);
    g.restore();
  }

  #limit(g: CanvasRenderingContext2D, limit: Limit, y: number, box: uPlot.BBox): void {
    const r = devicePixelRatio;
    const color = this.#palette.color('text-3');
    g.strokeStyle = color;
    g.lineWidth = r;
    g.setLineDash([4 * r, 3 * r]);
    g.beginPath();
    g.moveTo(box.left, y);
    g.lineTo(box.left + box.width, y);
    g.stroke();
    g.setLineDash([]);
    g.font = `500 ${11 * r}px ${this.#palette.sans}`;
    g.textAlign = 'left';
    g.textBaseline = 'bottom';
    const wide = g.measureText(limit.text).width + 8 * r;
    const base = y - box.top < 16 * r ? y + 16 * r : y - 2 * r;
    g.fillStyle = translucent(this.#palette.color('surface'), 0.86);
    g.fillRect(box.left + 4 * r, base - 14 * r, wide, 14 * r);
    g.fillStyle = color;
    g.fillText(limit.text, box.left + 8 * r, base);
  }

  #hatching(g: CanvasRenderingContext2D): CanvasPattern | string {
    if (this.#hatch) return this.#hatch;
    const r = devicePixelRatio;
    const tile = document.createElement('canvas');
    tile.width = tile.height = 8 * r;
    const t = tile.getContext('2d');
    if (!t) return this.#palette.color('hatch');
    t.scale(r, r);
    t.strokeStyle = this.#palette.color('hatch');
    t.lineWidth = 1.25;
    t.beginPath();
    for (const o of [-8, 0, 8]) {
      t.moveTo(o, 8);
      t.lineTo(o + 8, 0);
    }
    t.stroke();
    this.#hatch = g.createPattern(tile, 'repeat');
    return this.#hatch ?? this.#palette.color('hatch');
  }
}
