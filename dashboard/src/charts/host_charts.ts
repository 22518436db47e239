// What the charts of a host show, computed from its buffer. Values are in the unit that the chart's title names.

import type { Outage } from '../api/types';
import { percent, plain, ratePower, rateUnit, size, sizePower, sizeUnit } from '../format/units';
import { fixed } from '../format/locale';
import { readSeries, writeSeries } from '../live/series_key';
import { findGaps } from './gaps';
import { isSignal, signal, SIGNALS, type SignalId } from './host_signals';
import type { Frame, PlotOptions, PlotSeries } from './plot';
import { GrowingTop, marks } from './steps';
import type { WindowBuffer } from './window_buffer';

export type ChartId = 'cpu' | 'cores' | 'memory' | 'load' | 'disk' | 'network' | SignalId;
export const CHARTS: readonly ChartId[] = ['cpu', 'cores', 'memory', 'load', 'disk', 'network', ...SIGNALS];
export const SERIES_LABELS: Record<ChartId, string[]> = {
  cpu: ['user', 'system', 'iowait', 'steal'],
  cores: [],
  memory: ['used', 'shared', 'cache'],
  load: ['m1', 'm5', 'm15'],
  disk: ['read', 'write'],
  network: ['sent', 'received'],
  pressure: ['ofCpu', 'ofMemory', 'ofIo'],
  busy: ['busyShare'],
  wait: ['read', 'write'],
  tcp: ['resent', 'failedOpens'],
  temperature: ['degrees'],
};
const PLOTS: Record<ChartId, { kind: PlotOptions['kind']; series: PlotSeries[] }> = {
  cpu: { kind: 'stacked', series: [{ n: 1 }, { n: 2 }, { n: 5 }, { n: 4 }] },
  cores: { kind: 'heat', series: [{ n: 1 }] },
  memory: { kind: 'stacked', series: [{ n: 1 }, { n: 4 }, { n: 6 }] },
  load: { kind: 'lines', series: [{ n: 1, dash: 1, band: true }, { n: 5, dash: 2 }, { n: 8, dash: 3 }] },
  disk: { kind: 'lines', series: [{ n: 1, dash: 1 }, { n: 2, dash: 2 }] },
  network: { kind: 'areas', series: [{ n: 3, dash: 1 }, { n: 1, dash: 1 }] },
  pressure: { kind: 'lines', series: [{ n: 1, dash: 1 }, { n: 4, dash: 2 }, { n: 5, dash: 3 }] },
  busy: { kind: 'lines', series: [{ n: 5, dash: 1 }] },
  wait: { kind: 'lines', series: [{ n: 1, dash: 1 }, { n: 2, dash: 2 }] },
  tcp: { kind: 'lines', series: [{ n: 4, dash: 1 }, { n: 2, dash: 2 }] },
  temperature: { kind: 'lines', series: [{ n: 4, dash: 1 }] },
};
export const plotOf = (id: ChartId): { kind: PlotOptions['kind']; series: PlotSeries[] } => PLOTS[id];

export interface Shared {
  buffer: WindowBuffer;
  from: number;
  to: number;
  interval: number;
  outages: Outage[];
  cores: number | null;
  memory: number | null; // bytes installed
  bands: Frame['bands'];
  words: { cores(n: number): string; installed(size: string): string };
}

export interface ChartFrame extends Frame {
  unit: string;
  /** No series of this kind at all. */
  absent: boolean;
  empty: boolean;
}

const CPU_MODES: string[][] = [['user', 'nice'], ['system', 'interrupt', 'softirq'], ['iowait'], ['steal']];
const ALL_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'softirq', 'steal'];
type Values = (number | null)[];

/** One chart's arrays, made once and reused for every frame. */
export class HostChart {
  readonly top: GrowingTop;
  /** Which device or interface; null: the busiest. */
  device: string | null = null;
  devices: string[] = [];
  #t: number[] = [];
  #arrays: Values[] = [];
  #heat: Values[] = [];
  #min: Values = [];
  #max: Values = [];
  #scratch: Values = [];
  #present: boolean[] = [];

  constructor(readonly id: ChartId) {
    this.top = new GrowingTop(id === 'disk' || id === 'network' ? 1000 : 1);
  }

  frame(s: Shared): ChartFrame {
    const { step } = s.buffer;
    const first = Math.floor(s.from / step);
    const count = Math.floor(s.to / step) - first + 1;
    this.#t.length = count;
    for (let i = 0; i < count; i++) this.#t[i] = (first + i) * step;
    const read = (key: string, out: Values, which: 'avg' | 'min' | 'max' = 'avg'): Values => {
      s.buffer.read(key, first, count, out, which, Math.max(1, Math.round(s.interval / step)));
      return out;
    };
    const made = this.#values(s, read, count);
    this.#present.length = count;
    for (let i = 0; i < count; i++) this.#present[i] = made.presence.some((values) => values[i] != null);
    const gaps = findGaps(this.#t, this.#present, step, s.to, s.outages, Math.max(step * 1.5, s.interval * 2.5));
    return {
      from: s.from, to: s.to, t: this.#t, gaps, bands: s.bands, bottom: 0, ...made.scale,
      values: made.values, min: made.min ?? null, max: made.max ?? null, heat: made.heat ?? null,
      absent: made.absent, empty: !this.#present.includes(true),
    };
  }

  #array(k: number): Values {
    return (this.#arrays[k] ??= []);
  }

  #values(s: Shared, read: (key: string, out: Values, which?: 'avg' | 'min' | 'max') => Values, count: number): Made {
    if (isSignal(this.id)) return this.#signal(this.id, s, read);
    switch (this.id) {
      case 'cpu': return this.#cpu(read, count, s.buffer);
      case 'cores': return this.#cores(read, count, s.buffer);
      case 'memory': return this.#memory(s, read, count);
      case 'load': return this.#load(s, read);
      case 'disk': return this.#devices(s, read, count, 'system.disk.io', 'device', ['read', 'write']);
      case 'network': return this.#devices(s, read, count, 'system.network.io', 'interface', ['transmit', 'receive']);
    }
  }

  #cpu(read: Reader, count: number, buffer: WindowBuffer): Made {
    const key = (mode: string): string => `system.cpu.time{mode=${mode}}`;
    const total: Values = (this.#max = zeros(this.#max, count));
    for (const mode of ALL_MODES) if (buffer.has(key(mode))) sum(total, read(key(mode), this.#scratch));
    const values = CPU_MODES.map((modes, k) => {
      const out = zeros(this.#array(k), count);
      for (const mode of modes) if (buffer.has(key(mode))) sum(out, read(key(mode), this.#scratch));
      for (let i = 0; i < count; i++) {
        const all = total[i];
        const part = out[i];
        out[i] = all == null || part == null || all <= 0 ? null : (part / all) * 100;
      }
      return out;
    });
    return { values, presence: values.slice(0, 1), absent: !buffer.has(key('user')), scale: { top: 100, marks: [0, 25, 50, 75, 100], unit: '%' } };
  }

  #cores(read: Reader, count: number, buffer: WindowBuffer): Made {
    const keys = [...buffer.keys].filter((key) => key.startsWith('system.cpu.utilization{cpu='));
    const number = (key: string): number => Number(readSeries(key).attributes['cpu']);
    keys.sort((a, b) => number(a) - number(b));
    this.#heat.length = keys.length;
    keys.forEach((key, k) => read(key, (this.#heat[k] ??= [])));
    const every = Math.max(1, Math.ceil(keys.length / 4));
    const n = Math.max(1, keys.length);
    const places = Array.from({ length: Math.ceil(n / every) }, (_, i) => n - 0.5 - i * every);
    const nothing = this.#array(0);
    nothing.length = count;
    nothing.fill(null);
    return { values: [nothing], heat: this.#heat, presence: this.#heat, absent: keys.length === 0, scale: { top: n, marks: places, unit: '%' } };
  }

  #memory(s: Shared, read: Reader, count: number): Made {
    const key = (state: string): string => `system.memory.usage{state=${state}}`;
    const installed = s.memory ?? 0;
    const power = sizePower(installed || 1024 ** 3);
    const scale = 1024 ** power;
    const values = [['used'], ['shared'], ['cached', 'buffers']].map((states, k) => {
      const out = zeros(this.#array(k), count);
      for (const state of states) if (s.buffer.has(key(state))) sum(out, read(key(state), this.#scratch));
      for (let i = 0; i < count; i++) out[i] = out[i] == null ? null : (out[i] ?? 0) / scale;
      return out;
    });
    const most = installed / scale;
    const top = most > 0 ? most * 1.14 : this.top.next(peak(values, true));
    return {
      values, presence: values.slice(0, 1), absent: !s.buffer.has(key('used')),
      scale: {
        top, marks: memoryMarks(most || top), unit: sizeUnit(power),
        limit: most > 0 ? { y: most, text: s.words.installed(words(size(installed, power))) } : null,
      },
    };
  }

  #load(s: Shared, read: Reader): Made {
    const key = (span: string): string => `system.cpu.load_average.${span}`;
    const values = ['1m', '5m', '15m'].map((span, k) => read(key(span), this.#array(k)));
    read(key('1m'), this.#min, 'min');
    read(key('1m'), this.#max, 'max');
    const top = this.top.next(Math.max(peak(values, false), peak([this.#max], false), (s.cores ?? 0) * 1.04));
    return {
      values, min: this.#min, max: this.#max, presence: values, absent: !s.buffer.has(key('1m')),
      scale: { top, marks: marks(0, top), unit: 'tasks', limit: s.cores ? { y: s.cores, text: s.words.cores(s.cores) } : null },
    };
  }

  #signal(id: SignalId, s: Shared, read: Reader): Made {
    const made = signal(id, s.buffer, read, (k) => this.#array(k), this.device);
    this.devices = made.devices;
    const most = peak(made.values, false);
    const top = made.unit === '%' ? Math.min(100, this.top.next(most)) : this.top.next(most);
    return { values: made.values, presence: made.values, absent: made.absent, scale: { top, marks: marks(0, top), unit: made.unit } };
  }

  #devices(s: Shared, read: Reader, count: number, name: string, attribute: string, directions: string[]): Made {
    this.devices = busiest(s.buffer, name, attribute, directions, (key) => total(read(key, this.#scratch)));
    const device = this.device !== null && this.devices.includes(this.device) ? this.device : this.devices[0];
    const values = directions.map((direction, k) => {
      const out = this.#array(k);
      if (device === undefined) return zeros(out, count).fill(null);
      return read(writeSeries(name, { [attribute]: device, direction }), out);
    });
    const network = this.id === 'network';
    const most = values.map((v) => peak([v], false));
    const top = this.top.next(Math.max(...most));
    const power = ratePower(top);
    const scale = 1000 ** power;
    values.forEach((out, k) => {
      const sign = network && k === 1 ? -1 : 1;
      for (let i = 0; i < count; i++) out[i] = out[i] == null ? null : ((out[i] ?? 0) / scale) * sign;
    });
    const high = top / scale;
    const bottom = network ? -high : 0;
    return { values, presence: values, absent: device === undefined, scale: { bottom, top: high, marks: marks(bottom, high), unit: rateUnit(power) } };
  }
}

type Reader = (key: string, out: Values, which?: 'avg' | 'min' | 'max') => Values;
interface Made {
  values: Values[];
  heat?: Values[];
  min?: Values;
  max?: Values;
  presence: Values[];
  absent: boolean;
  scale: { bottom?: number; top: number; marks: number[]; unit: string; limit?: Frame['limit'] };
}

function zeros(out: Values, count: number): Values {
  out.length = count;
  return out.fill(0);
}
function sum(out: Values, more: Values): void {
  for (let i = 0; i < out.length; i++) {
    const a = out[i];
    const b = more[i];
    out[i] = a == null || b == null ? null : a + b;
  }
}
function total(values: Values): number {
  let all = 0;
  for (const v of values) all += v ?? 0;
  return all;
}
function peak(arrays: Values[], stacked: boolean): number {
  let most = 0;
  const n = arrays[0]?.length ?? 0;
  for (let i = 0; i < n; i++) {
    let here = 0;
    for (const values of arrays) here = stacked ? here + (values[i] ?? 0) : Math.max(here, values[i] ?? 0);
    most = Math.max(most, here);
  }
  return most;
}
const words = (figure: { text: string; unit: string }): string => `${figure.text} ${figure.unit}`;

/** Powers of two read best for memory: 0, 16, 32, 48, 64. */
function memoryMarks(most: number): number[] {
  let step = 2 ** Math.floor(Math.log2(Math.max(most, 1e-3) / 4) + 0.35);
  while (most / step > 5) step *= 2;
  const out: number[] = [];
  for (let v = 0; v <= most * 1.13; v += step) out.push(v);
  return out;
}

/** Devices by traffic, busiest first; a loopback interface comes last. */
function busiest(buffer: WindowBuffer, name: string, attribute: string, directions: string[], traffic: (key: string) => number): string[] {
  const found = new Map<string, number>();
  for (const key of buffer.keys) {
    if (!key.startsWith(`${name}{`)) continue;
    const { attributes } = readSeries(key);
    const device = attributes[attribute];
    if (device === undefined || !directions.includes(attributes['direction'] ?? '')) continue;
    found.set(device, (found.get(device) ?? 0) + traffic(key));
  }
  const rank = (device: string): number => (device === 'lo' ? 1 : 0);
  return [...found].sort((a, b) => rank(a[0]) - rank(b[0]) || b[1] - a[1] || a[0].localeCompare(b[0])).map(([device]) => device);
}

/** A legend's figure: one decimal, or two for load. */
export function legendFigure(id: ChartId, value: number | null | undefined): string {
  if (id === 'load') return plain(value, 2);
  return plain(value == null ? value : Math.abs(value), 1);
}

/** An axis figure without needless decimals. */
export function axisFigure(id: ChartId, value: number, top: number, cores: number): string {
  if (id === 'cores') return String(Math.round(cores - 0.5 - value));
  if (id === 'cpu') return percent(value / 100);
  const decimals = top >= 4 ? 0 : top >= 0.4 ? 1 : 2;
  return fixed(Math.abs(value), decimals);
}
