// Small drawings on plain canvas: sparkline, 24 h connection strip, heat ramp.

import { currentPalette, heatColor, translucent } from './palette';
import { STRIP_CELLS, stripCells, type Break } from './strip';

function context(canvas: HTMLCanvasElement): [CanvasRenderingContext2D, number, number] | null {
  const ratio = devicePixelRatio;
  const w = canvas.clientWidth;
  const h = canvas.clientHeight;
  const g = canvas.getContext('2d');
  if (!g || w === 0 || h === 0) return null;
  const [cw, ch] = [Math.round(w * ratio), Math.round(h * ratio)];
  if (canvas.width !== cw || canvas.height !== ch) {
    canvas.width = cw;
    canvas.height = ch;
  }
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, w, h);
  return [g, w, h];
}

/** Ratios 0..1 on a scale of 0..1, newest right, NaN where nothing is. */
export function drawSpark(canvas: HTMLCanvasElement, values: ArrayLike<number>): void {
  const drawing = context(canvas);
  if (!drawing) return;
  const [g, w, h] = drawing;
  const p = currentPalette();
  const x = (i: number): number => (i / Math.max(1, values.length - 1)) * w;
  const y = (v: number): number => h - 1.5 - Math.min(1, Math.max(0, v)) * (h - 3);
  const runs = runsOf(values);
  g.lineWidth = 1.25;
  g.lineJoin = 'round';
  const line = (from: number, to: number): void => {
    g.beginPath();
    for (let i = from; i <= to; i++) g.lineTo(x(i), y(values[i] ?? 0));
  };
  for (const [from, to] of runs) {
    line(from, to);
    g.lineTo(x(to), h);
    g.lineTo(x(from), h);
    g.fillStyle = translucent(p.color('spark'), 0.13);
    g.fill();
    line(from, to);
    g.strokeStyle = p.color('spark');
    g.stroke();
  }
}

function runsOf(values: ArrayLike<number>): [number, number][] {
  const runs: [number, number][] = [];
  let from = -1;
  for (let i = 0; i <= values.length; i++) {
    const there = i < values.length && !Number.isNaN(values[i]);
    if (there && from < 0) from = i;
    if (!there && from >= 0) {
      runs.push([from, i - 1]);
      from = -1;
    }
  }
  return runs;
}

/** Connection over [from, to]: the calm colour is the usual state, breaks stand out, the time before the host is hatched. */
export function drawStrip(canvas: HTMLCanvasElement, from: number, to: number, breaks: Break[], known: number): void {
  const drawing = context(canvas);
  if (!drawing) return;
  const [g, w, h] = drawing;
  const p = currentPalette();
  const width = w / STRIP_CELLS;
  stripCells(from, to, breaks, known).forEach((cell, i) => {
    const cut = cell !== 'up' && cell !== 'before';
    g.fillStyle = cut ? p.color(cell) : cell === 'up' ? translucent(p.color('up'), 0.6) : p.color('hatch');
    g.beginPath();
    if (cell === 'before') for (let y = 3; y < h - 3; y += 3) g.rect(i * width, y, Math.max(1, width - 1.5), 1);
    else g.roundRect(i * width, cut ? 0 : 3, Math.max(1, width - 1.5), cut ? h : h - 6, 1);
    g.fill();
  });
}

export function drawRamp(canvas: HTMLCanvasElement): void {
  const drawing = context(canvas);
  if (!drawing) return;
  const [g, w, h] = drawing;
  for (let x = 0; x < w; x++) {
    g.fillStyle = heatColor(x / w);
    g.fillRect(x, 0, 1, h);
  }
}
