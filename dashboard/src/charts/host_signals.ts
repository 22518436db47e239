// The charts of what not every host offers: pressure, how busy disks are and how long they let wait, lost TCP segments,
// temperatures. A host without the series has no such chart.

import { milliseconds } from '../format/units';
import { readSeries, writeSeries } from '../live/series_key';
import type { WindowBuffer } from './window_buffer';

export type SignalId = 'pressure' | 'busy' | 'wait' | 'tcp' | 'temperature';
export const SIGNALS: readonly SignalId[] = ['pressure', 'busy', 'wait', 'tcp', 'temperature'];
export const isSignal = (id: string): id is SignalId => (SIGNALS as readonly string[]).includes(id);

export const SIGNAL_SELECTORS = [
  'system.linux.pressure.stall_time{resource=*,tasks=some}',
  'system.disk.io_time{device=*}',
  'system.disk.operations{device=*,direction=*}',
  'system.disk.operation_time{device=*,direction=*}',
  'system.network.tcp.retransmits',
  'system.network.tcp.failed_opens',
  'hw.temperature{chip=*,device=*,sensor=*}',
];
export const signalWanted = (key: string): boolean =>
  /^(system\.disk\.(io_time|operations|operation_time)\{|system\.network\.tcp\.(retransmits|failed_opens)$|hw\.temperature\{)/.test(key) ||
  (key.startsWith('system.linux.pressure.stall_time{') && key.includes('tasks=some'));

type Values = (number | null)[];
type Read = (key: string, out: Values) => Values;
export interface Signal {
  values: Values[];
  unit: string;
  /** Which disk or sensor may be chosen; the first unless told. */
  devices: string[];
  absent: boolean;
}

/** `out`: arrays to fill, one a line and one to spare. */
export function signal(id: SignalId, buffer: WindowBuffer, read: Read, out: (k: number) => Values, chosen: string | null): Signal {
  const pick = (devices: string[]): string | undefined => (chosen !== null && devices.includes(chosen) ? chosen : devices[0]);
  switch (id) {
    case 'pressure': return lines(['cpu', 'memory', 'io'].map((resource) => writeSeries('system.linux.pressure.stall_time', { resource, tasks: 'some' })), 100, '%');
    case 'tcp': return lines(['system.network.tcp.retransmits', 'system.network.tcp.failed_opens'], 1, '/s');
    case 'busy': {
      const devices = ranked(buffer, read, out(1), 'system.disk.io_time', (attributes) => attributes['device']);
      const device = pick([...devices.keys()]);
      return { ...lines([devices.get(device ?? '') ?? ''], 100, '%'), devices: [...devices.keys()] };
    }
    case 'wait': {
      const devices = [...ranked(buffer, read, out(2), 'system.disk.operation_time', (attributes) => attributes['device']).keys()];
      const device = pick(devices) ?? '';
      const values = ['read', 'write'].map((direction, k) => {
        const time = read(writeSeries('system.disk.operation_time', { device, direction }), out(k));
        const count = read(writeSeries('system.disk.operations', { device, direction }), out(2));
        for (let i = 0; i < time.length; i++) time[i] = time[i] == null || !count[i] ? null : ((time[i] ?? 0) / (count[i] ?? 1)) * 1000;
        return time;
      });
      return { values, unit: milliseconds(0).unit, devices, absent: devices.length === 0 };
    }
    case 'temperature': {
      const sensors = ranked(buffer, read, out(1), 'hw.temperature', ({ chip, device, sensor }) => `${device?.startsWith('hwmon') ? chip : device} ${sensor}`);
      const sensor = pick([...sensors.keys()]);
      return { ...lines([sensors.get(sensor ?? '') ?? ''], 1, '°C'), devices: [...sensors.keys()] };
    }
  }

  function lines(keys: string[], scale: number, unit: string): Signal {
    const values = keys.map((key, k) => {
      const line = read(key, out(k));
      for (let i = 0; i < line.length; i++) line[i] = line[i] == null ? null : (line[i] ?? 0) * scale;
      return line;
    });
    return { values, unit, devices: [], absent: !keys.some((key) => buffer.has(key)) };
  }
}

/** The series of a metric by what a person calls them, those with the highest values first. */
function ranked(buffer: WindowBuffer, read: Read, scratch: Values, name: string, label: (attributes: Record<string, string>) => string | undefined): Map<string, string> {
  const found: [string, string, number][] = [];
  for (const key of buffer.keys) {
    if (!key.startsWith(`${name}{`)) continue;
    const called = label(readSeries(key).attributes);
    if (called === undefined) continue;
    found.push([called, key, read(key, scratch).reduce<number>((sum, value) => sum + (value ?? 0), 0)]);
  }
  found.sort((a, b) => b[2] - a[2] || a[0].localeCompare(b[0]));
  return new Map(found.map(([called, key]) => [called, key]));
}
