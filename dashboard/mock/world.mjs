// Made-up hosts whose past and present are one function of time, so that history and live ticks agree exactly.

const GIB = 1024 ** 3;
const STATES = ['used', 'shared', 'cached', 'buffers', 'free'];
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'softirq', 'steal'];
const REASONS = {
  lost: 'connection ended without goodbye: agent killed, or something between cut it',
  unresponsive: 'machine answers, agent is stopped or starved',
  stopped: 'rebooting', up: '',
};
const NAMES = ['db-03', 'edge-sin-2', 'build-arm-1', 'web-07', 'nas-cellar', 'db-01', 'gpu-train-1', 'web-03', 'web-04', 'k8s-worker-1', 'k8s-worker-2', 'cache-02', 'edge-fra-1', 'db-02', 'edge-ams-1', 'edge-sin-1', 'mail', 'backup-01', 'vpn-ams', 'pi-greenhouse'];
const TAGS = { db: ['prod', 'db'], web: ['prod', 'web'], edge: ['prod', 'edge'], k8s: ['prod', 'k8s'], cache: ['prod'], build: ['ci'], gpu: ['ml'] };
const CPU = [0.41, 0.99, 0.12, 0.97, 0.09, 0.63, 0.58, 0.46, 0.44, 0.39, 0.36, 0.31, 0.28, 0.24, 0.22, 0.19, 0.07, 0.05, 0.03, 0.02];

/** A repeatable number 0..1 for (seed, whole number). */
function noise(seed, n) {
  let x = Math.imul(seed ^ (n | 0) ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}
const smooth = (seed, t, period) => {
  const i = Math.floor(t / period);
  const f = t / period - i;
  return noise(seed, i) * (1 - f) + noise(seed, i + 1) * f;
};

class Host {
  constructor(index, now) {
    this.seed = index * 7919 + 13;
    this.id = (index + 1).toString(16).padStart(32, '0');
    this.name = NAMES[index] ?? `host-${String(index).padStart(4, '0')}`;
    this.tags = TAGS[this.name.split('-')[0]] ?? ['home'];
    this.base = CPU[index] ?? 0.05 + 0.5 * noise(5, index);
    this.cores = 16;
    this.memory = 62.8 * GIB;
    this.boot = now - 3_564_000;
    this.outages = [{ from: now - 2130, to: now - 2000, status: 'unresponsive', reason: 'host off, frozen, or network cut', correction: 'host was up; network cut', notified: false }];
    this.gap = [now - 2130, now - 2000];
    this.status = 'up';
    this.happenings = [
      { at: now - 3600, kind: 'boot', text: 'the machine was started', count: 0 },
      { at: now - 300, kind: 'oom_kill', text: 'the kernel killed postgres (pid 812)', count: 1 },
    ];
    this.since = this.outages[0].to;
    this.lastTick = now;
    this.hot = this.name === 'web-07' ? now - 330 : Infinity;
  }

  become(status, at = Date.now() / 1000) {
    this.status = status;
    this.since = at;
    if (status === 'up') {
      const open = this.outages.find((o) => o.to === null);
      if (open) open.to = at;
    } else this.outages.push({ from: this.lastTick, to: null, status, reason: REASONS[status], correction: '', notified: false });
  }
  public() {
    return { id: this.id, name: this.name, status: this.status, since: this.since, reason: REASONS[this.status], tags: this.tags, last_tick: this.lastTick, rtt: 0.0124, skew: 0.003 };
  }
  facts() {
    return { hostname: this.name, os: 'Debian 12', kernel: 'Linux 6.1.0-27', architecture: 'x86_64', cpu_model: 'AMD EPYC 7302P', cores: this.cores, memory: this.memory, boot_time: this.boot, timezone: 'Europe/Amsterdam', virtualization: '', agent_version: '0.1.0' };
  }

  processes(from, to) {
    const names = ['postgres', 'nginx', 'java', 'vedette-agent', 'systemd', 'sshd', 'redis-server'];
    const lists = [];
    for (let at = Math.ceil(from / 60) * 60; at <= Math.min(to, this.lastTick); at += 60) {
      const top = names.map((name, n) => ({ pid: 800 + 37 * n, name, cpu: Math.abs(Math.sin(at / 300 + n)) / (n + 1), memory: 2 ** (31 - n), read: n < 2 ? 40_960 * (n + 1) : 0, written: n < 3 ? 900_000 / (n + 1) : 0 }));
      lists.push({ at, span: 60, count: 212, top: top.sort((a, b) => b.cpu - a.cpu) });
    }
    return lists;
  }

  cpuAt(t) {
    const calm = t > this.hot - 270 ? 0.97 : this.name === 'web-07' ? 0.42 : this.base;
    return Math.min(0.99, Math.max(0.01, calm * (0.75 + 0.35 * smooth(this.seed, t, 240) + 0.12 * smooth(this.seed + 1, t, 7))));
  }
  present(t) {
    if (t > this.gap[0] && t < this.gap[1]) return false;
    return t <= this.lastTick;
  }
  /** name -> value at t */
  values(t) {
    const v = new Map();
    const cpu = this.cpuAt(t);
    const parts = { user: cpu * 0.78, nice: 0, system: cpu * 0.15, iowait: 0.02 + cpu * 0.03, interrupt: 0, softirq: cpu * 0.03, steal: cpu * 0.01 };
    parts.idle = 1 - Object.values(parts).reduce((a, b) => a + b, 0);
    for (const mode of MODES) v.set(`system.cpu.time{mode=${mode}}`, Math.max(0, parts[mode]) * this.cores);
    v.set('system.cpu.utilization', cpu);
    for (let c = 0; c < this.cores; c++) v.set(`system.cpu.utilization{cpu=${c}}`, Math.min(1, Math.max(0.01, cpu * (c < 5 ? 1.06 : c > 11 ? 0.66 : 0.92) + (smooth(this.seed + 50 + c, t, 9) - 0.5) * 0.14)));
    const load = cpu * this.cores * 1.4 + smooth(this.seed + 2, t, 30);
    v.set('system.cpu.load_average.1m', load);
    v.set('system.cpu.load_average.5m', this.cpuAt(t - 150) * this.cores * 1.3);
    v.set('system.cpu.load_average.15m', this.cpuAt(t - 450) * this.cores * 1.2);
    const used = (0.6 + 0.05 * smooth(this.seed + 3, t, 600) + 0.1 * (t > this.hot - 600)) * this.memory;
    const memory = { used, shared: 2.1 * GIB, cached: 0.18 * this.memory, buffers: 0.3 * GIB };
    memory.free = this.memory - Object.values(memory).reduce((a, b) => a + b, 0);
    for (const state of STATES) v.set(`system.memory.usage{state=${state}}`, memory[state]);
    v.set('system.memory.limit', this.memory);
    v.set('system.linux.memory.available', this.memory - used - memory.shared);
    for (const [device, scale] of [['nvme0n1', 1], ['sda', 0.08], ['sdb', 0.02]]) {
      v.set(`system.disk.io{device=${device},direction=read}`, 52e6 * scale * (0.6 + 0.8 * smooth(this.seed + 4, t, 40)));
      v.set(`system.disk.io{device=${device},direction=write}`, 118e6 * scale * (0.7 + 0.6 * smooth(this.seed + 5, t, 30)));
      v.set(`system.disk.io_time{device=${device}}`, 0.34 * scale);
      for (const [direction, wait] of [['read', 0.0004], ['write', 0.0021]]) {
        const count = 900 * scale * (0.6 + 0.8 * smooth(this.seed + 8, t, 40));
        v.set(`system.disk.operations{device=${device},direction=${direction}}`, count);
        v.set(`system.disk.operation_time{device=${device},direction=${direction}}`, count * wait * (0.7 + smooth(this.seed + 9, t, 25)));
      }
    }
    for (const [name, scale] of [['eth0', 1], ['lo', 0.001]]) {
      v.set(`system.network.io{direction=receive,interface=${name}}`, 84e6 * scale * (0.6 + 0.5 * smooth(this.seed + 6, t, 50)) * (0.3 + cpu));
      v.set(`system.network.io{direction=transmit,interface=${name}}`, 212e6 * scale * (0.6 + 0.5 * smooth(this.seed + 7, t, 50)) * (0.3 + cpu));
    }
    for (const [resource, share] of [['cpu', cpu * 0.3], ['memory', 0.002], ['io', 0.05]]) {
      v.set(`system.linux.pressure.stall_time{resource=${resource},tasks=some}`, share * (0.5 + smooth(this.seed + 10, t, 30)));
    }
    v.set('system.network.tcp.retransmits', 3 * smooth(this.seed + 11, t, 20));
    v.set('system.network.tcp.failed_opens', 0.4 * smooth(this.seed + 12, t, 60));
    // Virtual machines have no sensors.
    if (this.cores >= 16) {
      v.set('hw.temperature{chip=coretemp,device=coretemp.0,sensor=Package id 0}', 48 + 30 * cpu);
      v.set('hw.temperature{chip=nvme,device=nvme0,sensor=Composite}', 38 + 4 * smooth(this.seed + 13, t, 300));
    }
    return v;
  }
  row() {
    return [this.lastTick, ...this.values(this.lastTick).values()];
  }
  fleetRow() {
    const v = this.values(this.lastTick);
    const down = this.status !== 'up';
    return [
      this.id, this.name, this.tags, this.status, this.since, REASONS[this.status], this.lastTick, 0.0124, 0.003, v.get('system.cpu.utilization'),
      0.71 - 0.1 * noise(3, this.seed), v.get('system.cpu.load_average.1m'), this.cores, 0.2 + 0.7 * noise(4, this.seed), '/var',
      v.get('system.network.io{direction=receive,interface=eth0}'), v.get('system.network.io{direction=transmit,interface=eth0}'), down ? this.since + 60 : null,
    ];
  }
}

export class World {
  constructor(count) {
    const now = Math.floor(Date.now() / 1000);
    this.hosts = Array.from({ length: count }, (_, i) => new Host(i, now));
    if (count >= 4) {
      this.#past(0, 'lost', now - 252);
      this.#past(1, 'unresponsive', now - 38);
      this.#past(2, 'stopped', now - 52);
    }
  }
  #past(index, status, at) {
    this.hosts[index].lastTick = Math.floor(at);
    this.hosts[index].become(status, at);
  }

  tick() {
    const now = Math.floor(Date.now() / 1000);
    for (const host of this.hosts) if (host.status === 'up') host.lastTick = now;
  }
  fleetRows() {
    return this.hosts.map((h) => h.fleetRow());
  }

  snapshot(topic) {
    if (topic === 'fleet') {
      return { header: ['id', 'name', 'tags', 'status', 'since', 'reason', 'last_tick', 'rtt', 'skew', 'cpu', 'memory', 'load', 'cores', 'disk', 'disk_mount', 'received', 'sent', 'notifies_at', 'happened'], rows: this.fleetRows() };
    }
    if (topic === 'alerts') return { header: ['id', 'rule', 'host', 'host_name', 'attributes', 'phase', 'severity', 'since', 'value', 'reason', 'notifies_at', 'notified_at', 'unit'], rows: this.alerts().filter((row) => row[5] !== 'resolved') };
    const host = this.hosts.find((h) => topic === `host/${h.id}`);
    return { header: ['t', ...(host?.values(host.lastTick).keys() ?? [])], rows: [] };
  }

  alerts() {
    const rows = [];
    for (const [i, h] of this.hosts.entries()) {
      if (h.status === 'lost') rows.push([i + 1, 'host-down', h.id, h.name, {}, 'firing', 'critical', h.since, null, `lost: ${REASONS.lost}`, h.since + 60, null, '']);
      if (h.status === 'unresponsive') rows.push([i + 1, 'host-down', h.id, h.name, {}, 'pending', 'critical', h.since, null, `unresponsive: ${REASONS.unresponsive}`, h.since + 60, null, '']);
      if (h.name === 'web-07') rows.push([i + 1, 'cpu-saturated', h.id, h.name, {}, 'firing', 'critical', h.hot, 0.972, 'CPU utilisation 97.2 % above 90.0 % for 60 s', null, h.hot + 60, '1']);
      if (h.name === 'nas-cellar') rows.push([i + 1, 'filesystem-full', h.id, h.name, { mountpoint: '/tank' }, 'firing', 'warning', h.since - 5000, 0.06, 'free space on /tank 6.0 % below 10.0 % for 15 min', null, null, '1']);
      if (h.name === 'mail') rows.push([i + 1, 'memory-low', h.id, h.name, {}, 'resolved', 'warning', h.since, 0.04, 'available memory 4.0 % below 5.0 % for 5 min', null, null, '1']);
    }
    return rows;
  }
  /** What GET alerts answers: those resolved, too. */
  alertRecords() {
    return this.alerts().map(([id, rule, host, , attributes, state, severity, since, value, reason, notifies_at, notified_at, unit]) => ({ id, rule, host, attributes, state, severity, since, value, reason, notifies_at, notified_at, unit }));
  }

  history(q) {
    const host = this.hosts.find((h) => h.id === q.get('host'));
    const step = Number(q.get('step'));
    const from = Number(q.get('from'));
    const to = Math.min(Number(q.get('to')), host.lastTick);
    const names = q.getAll('series').map((s) => s.split('{')[0]);
    const series = new Map();
    const grain = step === 0 ? 1 : step;
    for (let t = Math.ceil(from / grain) * grain; t <= to; t += grain) {
      if (!host.present(t)) continue;
      for (const [key, value] of host.values(t)) {
        const name = key.split('{')[0];
        if (!names.includes(name)) continue;
        let s = series.get(key);
        if (!s) series.set(key, (s = { name, attributes: Object.fromEntries([...key.matchAll(/(\w+)=([^,}]+)/g)].map((m) => [m[1], m[2]])), unit: '1', t: [], ...(step === 0 ? { value: [] } : { avg: [], min: [], max: [] }) }));
        s.t.push(t);
        if (step === 0) s.value.push(value);
        else {
          s.avg.push(value);
          s.min.push(value * 0.93);
          s.max.push(value * 1.07);
        }
      }
    }
    return { tier: step >= 60 ? '1m' : 'raw', step, series: [...series.values()] };
  }
}
