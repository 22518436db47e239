// Alerts from topic `alerts`: pending, firing and recently resolved.

import type { Attributes, Phase, Row, Severity } from '../api/types';
import type { TopicSink } from '../live/connection';
import { Columns } from '../live/rows';
import { severityOrder } from './order';

export interface AlertRow {
  id: number;
  rule: string;
  host: string;
  hostName: string;
  attributes: Attributes;
  phase: Phase;
  severity: Severity;
  since: number;
  value: number | null;
  reason: string;
  notifiesAt: number | null;
}

/** How many resolved ones a tab keeps. */
const RESOLVED_MOST = 100;

class Alerts implements TopicSink {
  all = $state.raw<AlertRow[]>([]);
  known = $state(false);

  firing = $derived(this.all.filter((a) => a.phase === 'firing').sort(worst));
  pending = $derived(this.all.filter((a) => a.phase === 'pending').sort(worst));
  resolved = $derived(this.all.filter((a) => a.phase === 'resolved').sort((a, b) => b.since - a.since));
  /** The worst severity that fires, by host. */
  flags = $derived.by(() => {
    const flags = new Map<string, Severity>();
    for (const alert of this.firing) if (!flags.has(alert.host)) flags.set(alert.host, alert.severity);
    return flags;
  });

  #columns = new Columns([]);
  #byId = new Map<number, AlertRow>();

  snapshot(header: string[], rows: Row[]): void {
    this.#columns = new Columns(header);
    this.#byId = new Map();
    this.#put(rows);
    this.known = true;
  }
  delta(rows: Row[], header: string[] | null): void {
    if (header) this.#columns = new Columns(header);
    this.#put(rows);
  }
  clear(): void {
    this.#byId = new Map();
    this.all = [];
    this.known = false;
  }

  #put(rows: Row[]): void {
    for (const row of rows) {
      const alert = this.#read(row);
      if (row.length === 1 || !['pending', 'firing', 'resolved'].includes(alert.phase)) this.#byId.delete(alert.id);
      else this.#byId.set(alert.id, alert);
    }
    const resolved = [...this.#byId.values()].filter((a) => a.phase === 'resolved').sort((a, b) => b.since - a.since);
    for (const old of resolved.slice(RESOLVED_MOST)) this.#byId.delete(old.id);
    this.all = [...this.#byId.values()];
  }

  #read(row: Row): AlertRow {
    const c = this.#columns;
    const attributes = c.value(row, 'attributes');
    return {
      id: Number(c.value(row, 'id') ?? row[0]),
      rule: c.text(row, 'rule'),
      host: c.text(row, 'host'),
      hostName: c.text(row, 'host_name'),
      attributes: attributes && typeof attributes === 'object' && !Array.isArray(attributes) ? (attributes as Attributes) : {},
      phase: (c.text(row, 'phase') || c.text(row, 'state')) as Phase,
      severity: c.text(row, 'severity') as Severity,
      since: c.number(row, 'since') ?? 0,
      value: c.number(row, 'value'),
      reason: c.text(row, 'reason'),
      notifiesAt: c.number(row, 'notifies_at'),
    };
  }
}

const worst = (a: AlertRow, b: AlertRow): number => severityOrder(a.severity) - severityOrder(b.severity) || b.since - a.since;

export const alerts = new Alerts();
