import { expect, test } from 'vitest';
import type { Outage } from '../src/api/types';
import { findGaps } from '../src/charts/gaps';
import { wanted } from '../src/charts/history_join';
import { HostChart, type Shared } from '../src/charts/host_charts';
import { channels } from '../src/charts/palette';
import { GrowingTop, labelTimes, marks, roundUp, stepFor } from '../src/charts/steps';
import { WindowBuffer } from '../src/charts/window_buffer';
import { readSeries, writeSeries } from '../src/live/series_key';

test('the step gives at most one point a pixel', () => {
  for (const range of [60, 900, 3600, 21_600, 86_400, 604_800, 31_536_000]) expect(range / stepFor(range, 520)).toBeLessThanOrEqual(520);
  expect(stepFor(900, 520)).toBe(2);
  expect(stepFor(60, 520)).toBe(1);
});

test('grids have round steps', () => {
  expect(roundUp(3)).toBe(5);
  expect(roundUp(0.02)).toBeCloseTo(0.02);
  expect(marks(0, 100)).toEqual([0, 50, 100]);
  expect(marks(-300, 300)).toEqual([-200, 0, 200]);
});

test('time labels keep off the ends', () => {
  expect(labelTimes(601, 2395, 600)).toEqual([1200, 1800]);
  expect(labelTimes(0, 3600, 1800, 900)).toEqual([900, 2700]);
});

test('the y range grows by steps and shrinks only on a new range', () => {
  const top = new GrowingTop(1);
  expect(top.next(8.5)).toBe(10);
  expect(top.next(22)).toBe(30);
  expect(top.next(3)).toBe(30);
  top.reset();
  expect(top.next(3)).toBe(4);
});

test('gaps carry the outage that covers them, also one that lasts', () => {
  const outage = (from: number, to: number | null, reason: string): Outage => ({ from, to, status: 'lost', reason, correction: '', notified: true });
  const times = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const present = [true, true, false, false, false, true, true, false, false, false];
  const gaps = findGaps(times, present, 1, 10, [outage(1.5, 5, 'cut'), outage(6.8, null, 'killed')], 2);
  expect(gaps.map((g) => [g.from, g.to, g.outage?.reason])).toEqual([[2, 5, 'cut'], [7, 10, 'killed']]);
});

test('nothing before the first sample is a gap', () => {
  expect(findGaps([0, 1, 2], [false, false, true], 1, 3, [], 1)).toEqual([]);
});

test('an outage that began before the left edge is hatched up to the first value, with its reason', () => {
  const outage = (from: number, to: number | null, reason: string): Outage => ({ from, to, status: 'lost', reason, correction: '', notified: true });
  const times = [100, 101, 102, 103, 104, 105];
  const told = (present: boolean[], outages: Outage[]): unknown[] => findGaps(times, present, 1, 106, outages, 2).map((g) => [g.from, g.to, g.outage?.reason]);
  expect(told([false, false, false, true, true, true], [outage(20, 102.5, 'cut')])).toEqual([[100, 102.5, 'cut']]);
  expect(told([false, false, false, true, true, true], [outage(20, 60, 'long over')])).toEqual([]);
  expect(told([false, false, false, false, false, false], [outage(20, null, 'killed')])).toEqual([[100, 106, 'killed']]);
  expect(told([false, false, false, true, true, true], [outage(101, 103.4, 'within')])).toEqual([[101, 103, 'within']]);
});

const shared = (buffer: WindowBuffer): Shared => ({
  buffer, from: 0, to: 2, interval: 1, outages: [], cores: 4, memory: 8 * 1024 ** 3, bands: [], words: { cores: (n) => `${n}`, installed: (s) => s },
});

test('CPU by mode is a share of all modes, whatever the number of cores', () => {
  const buffer = new WindowBuffer(1, 10);
  for (const [mode, value] of [['user', 1], ['nice', 1], ['system', 0.5], ['softirq', 0.5], ['idle', 1]] as const) buffer.add(`system.cpu.time{mode=${mode}}`, 1, value);
  const frame = new HostChart('cpu').frame(shared(buffer));
  expect(frame.values.map((v) => v[1])).toEqual([50, 25, 0, 0]);
  expect(frame.values[0]?.[0]).toBeNull();
});

test('memory stacks used, shared and cache in the unit of what is installed', () => {
  const buffer = new WindowBuffer(1, 10);
  for (const [state, gib] of [['used', 4], ['shared', 1], ['cached', 1.5], ['buffers', 0.5], ['free', 1]] as const) buffer.add(`system.memory.usage{state=${state}}`, 1, gib * 1024 ** 3);
  const frame = new HostChart('memory').frame(shared(buffer));
  expect(frame.values.map((v) => v[1])).toEqual([4, 1, 2]);
  expect([frame.unit, frame.limit?.y, frame.marks]).toEqual(['GiB', 8, [0, 2, 4, 6, 8]]);
});

test('the busiest interface is shown, loopback last, received below zero', () => {
  const buffer = new WindowBuffer(1, 10);
  const add = (name: string, direction: string, v: number): void => void buffer.add(writeSeries('system.network.io', { interface: name, direction }), 1, v);
  add('lo', 'receive', 9e9);
  add('eth0', 'receive', 5e6);
  add('eth1', 'receive', 8e6);
  add('eth1', 'transmit', 1e6);
  const chart = new HostChart('network');
  const frame = chart.frame(shared(buffer));
  expect(chart.devices).toEqual(['eth1', 'eth0', 'lo']);
  expect(frame.unit).toBe('MB/s');
  expect(frame.values.map((v) => v[1])).toEqual([1, -8]);
});

test('a chart whose series the host does not offer says so', () => {
  expect(new HostChart('disk').frame(shared(new WindowBuffer(1, 10)))).toMatchObject({ absent: true, empty: true });
});

test('series are written and read with quotes where they are needed', () => {
  for (const attributes of [{}, { mode: 'user' }, { mountpoint: '/a b', state: 'used' }, { device: 'we"ird,\\}=', direction: 'read' }]) {
    expect(readSeries(writeSeries('system.x', attributes as Record<string, string>))).toEqual({ name: 'system.x', attributes });
  }
  expect(writeSeries('n', { b: '2', a: '1' })).toBe('n{a=1,b=2}');
});

test('colours are read long and short', () => {
  expect(channels('#0f6cbd')).toEqual([15, 108, 189]);
  expect(channels('#fff')).toEqual([255, 255, 255]);
});

test('what a host does not offer has no chart, and what it offers is told in units for people', () => {
  const buffer = new WindowBuffer(1, 10);
  const frameOf = (id: 'pressure' | 'busy' | 'wait' | 'tcp' | 'temperature', device: string | null = null) => {
    const chart = new HostChart(id);
    chart.device = device;
    const frame = chart.frame(shared(buffer));
    return { devices: chart.devices, at: frame.values.map((v) => v[1]), unit: frame.unit, absent: frame.absent, top: frame.top };
  };
  for (const id of ['pressure', 'busy', 'wait', 'tcp', 'temperature'] as const) expect(frameOf(id).absent, id).toBe(true);

  buffer.add('system.linux.pressure.stall_time{resource=cpu,tasks=some}', 1, 0.25);
  buffer.add('system.linux.pressure.stall_time{resource=io,tasks=some}', 1, 0.5);
  expect(frameOf('pressure')).toMatchObject({ at: [25, null, 50], unit: '%', absent: false });

  for (const [device, busy, count, time] of [['sda', 0.1, 10, 0.05], ['nvme0n1', 0.9, 1000, 0.4]] as const) {
    buffer.add(`system.disk.io_time{device=${device}}`, 1, busy);
    buffer.add(`system.disk.operations{device=${device},direction=write}`, 1, count);
    buffer.add(`system.disk.operation_time{device=${device},direction=write}`, 1, time);
    buffer.add(`system.disk.operations{device=${device},direction=read}`, 1, 0);
    buffer.add(`system.disk.operation_time{device=${device},direction=read}`, 1, 0);
  }
  expect(frameOf('busy')).toMatchObject({ devices: ['nvme0n1', 'sda'], at: [90], unit: '%', top: 100 });
  // No reads: nothing waited, which is not the same as waiting no time.
  expect(frameOf('wait')).toMatchObject({ devices: ['nvme0n1', 'sda'], at: [null, 0.4], unit: 'ms' });
  expect(frameOf('wait', 'sda').at).toEqual([null, 5]);

  buffer.add('system.network.tcp.retransmits', 1, 3);
  expect(frameOf('tcp')).toMatchObject({ at: [3, null], absent: false });

  buffer.add('hw.temperature{chip=nvme,device=nvme0,sensor=Composite}', 1, 39);
  buffer.add('hw.temperature{chip=nct6775,device=hwmon3,sensor=temp1}', 1, 71.5);
  expect(frameOf('temperature')).toMatchObject({ devices: ['nct6775 temp1', 'nvme0 Composite'], at: [71.5], unit: '°C' });
  expect(frameOf('temperature', 'nvme0 Composite').at).toEqual([39]);
});

test('of the series of a tick only those that a chart shows are kept', () => {
  for (const key of ['system.disk.io_time{device=sda}', 'system.linux.pressure.stall_time{resource=io,tasks=some}', 'hw.temperature{chip=a,device=b,sensor=c}', 'system.cpu.time{mode=user}']) {
    expect(wanted(key), key).toBe(true);
  }
  for (const key of ['system.linux.pressure.stall_time{resource=io,tasks=full}', 'system.disk.pending_operations{device=sda}', 'system.network.tcp.segments{direction=receive}', 'system.cpu.time{cpu=0,mode=user}', 'system.uptime']) {
    expect(wanted(key), key).toBe(false);
  }
});
