// All hosts from topic `fleet`. One signal a host: a row that changes redraws itself and nothing else.

import type { Row, Status } from '../api/types';
import { SteadyPower, ratePower } from '../format/units';
import type { TopicSink } from '../live/connection';
import { Columns } from '../live/rows';

export interface HostRow {
  id: string;
  name: string;
  tags: string[];
  status: Status;
  since: number;
  reason: string;
  lastTick: number | null;
  rtt: number | null;
  skew: number | null;
  cpu: number | null;
  memory: number | null;
  load: number | null;
  cores: number | null;
  disk: number | null;
  diskMount: string;
  received: number | null;
  sent: number | null;
  notifiesAt: number | null;
  /** When the newest happening was that the collector stored in this run. */
  happened: number | null;
}

export const SPARK_POINTS = 60;

export class FleetHost {
  row: HostRow;
  /** CPU of the last minute, newest last; NaN where nothing is. Not reactive: drawn when `row` changes. */
  readonly spark = new Float32Array(SPARK_POINTS).fill(NaN);
  /** The newest tick in `spark`, whole seconds. */
  sparkAt = 0;
  readonly received = new SteadyPower(ratePower);
  readonly sent = new SteadyPower(ratePower);

  constructor(row: HostRow) {
    this.row = $state.raw(row);
    this.#point(row);
  }

  update(row: HostRow): void {
    this.#point(row);
    this.row = row;
  }

  #point(row: HostRow): void {
    if (row.lastTick === null || row.cpu === null) return;
    this.addPoint(row.lastTick, row.cpu);
  }

  addPoint(t: number, value: number): void {
    const at = Math.floor(t);
    const shift = at - this.sparkAt;
    if (shift > 0) {
      if (this.sparkAt === 0 || shift >= SPARK_POINTS) this.spark.fill(NaN);
      else {
        this.spark.copyWithin(0, shift);
        this.spark.fill(NaN, SPARK_POINTS - shift);
      }
      this.sparkAt = at;
      this.spark[SPARK_POINTS - 1] = value;
    } else if (shift > -SPARK_POINTS) {
      this.spark[SPARK_POINTS - 1 + shift] = value;
    }
  }
}

export const DOWN: readonly Status[] = ['lost', 'unresponsive', 'rejected'];

/** Down, as the collector counts it: how long a stop is forgiven is its setting, so its alert says when that is over. */
export const isDown = (row: HostRow, hostsDown: ReadonlySet<string>): boolean =>
  DOWN.includes(row.status) || (row.status === 'stopped' && hostsDown.has(row.id));

class Fleet implements TopicSink {
  /** Changes when hosts come or go, never with their values. */
  hosts = $state.raw<FleetHost[]>([]);
  /** True once the first snapshot came. */
  known = $state(false);
  /** Grows with each change of any host's status, so that order and counts follow. */
  statusChanges = $state(0);

  #byId = new Map<string, FleetHost>();
  #columns = new Columns([]);

  get(id: string): FleetHost | undefined {
    void this.hosts;
    return this.#byId.get(id);
  }

  snapshot(header: string[], rows: Row[]): void {
    this.#columns = new Columns(header);
    const before = this.#byId;
    this.#byId = new Map();
    for (const row of rows) {
      const value = this.#read(row);
      const host = before.get(value.id);
      host?.update(value);
      this.#byId.set(value.id, host ?? new FleetHost(value));
    }
    this.hosts = [...this.#byId.values()];
    this.known = true;
    this.statusChanges += 1;
  }

  delta(rows: Row[], header: string[] | null): void {
    if (header) this.#columns = new Columns(header);
    let listChanged = false;
    let statusChanged = false;
    for (const row of rows) {
      // A row of nothing but its key says that the host is gone.
      if (row.length === 1) {
        listChanged = this.#byId.delete(String(row[0])) || listChanged;
        continue;
      }
      const value = this.#read(row);
      const host = this.#byId.get(value.id);
      if (host) {
        statusChanged ||= host.row.status !== value.status || host.row.since !== value.since || host.row.name !== value.name;
        host.update(value);
      } else {
        this.#byId.set(value.id, new FleetHost(value));
        listChanged = true;
      }
    }
    if (listChanged) this.hosts = [...this.#byId.values()];
    if (listChanged || statusChanged) this.statusChanges += 1;
  }

  clear(): void {
    this.#byId = new Map();
    this.hosts = [];
    this.known = false;
  }

  #read(row: Row): HostRow {
    const c = this.#columns;
    const tags = c.value(row, 'tags');
    return {
      id: c.text(row, 'id'),
      name: c.text(row, 'name'),
      tags: Array.isArray(tags) ? tags.map(String) : [],
      status: c.text(row, 'status') as Status,
      since: c.number(row, 'since') ?? 0,
      reason: c.text(row, 'reason'),
      lastTick: c.number(row, 'last_tick'),
      rtt: c.number(row, 'rtt'),
      skew: c.number(row, 'skew'),
      cpu: c.number(row, 'cpu'),
      memory: c.number(row, 'memory'),
      load: c.number(row, 'load'),
      cores: c.number(row, 'cores'),
      disk: c.number(row, 'disk'),
      diskMount: c.text(row, 'disk_mount'),
      received: c.number(row, 'received'),
      sent: c.number(row, 'sent'),
      notifiesAt: c.number(row, 'notifies_at'),
      happened: c.number(row, 'happened'),
    };
  }
}

export const fleet = new Fleet();
