// Alerts from topic `alerts`, which tells what happens while the page is open, and from REST, which knows those resolved before.

import type { AlertRecord, Attributes, Phase, Row, Severity } from '../api/types';
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
  /** Of `value`; empty when the collector doesn't tell. */
  unit: string;
  reason: string;
  notifiesAt: number | null;
  notifiedAt: number | null;
}

/** How many resolved ones a tab keeps: as many as REST answers. */
const RESOLVED_MOST = 200;
const AGAIN_MS = 5000;
const AGAIN_MOST_MS = 60_000;

class Alerts implements TopicSink {
  all = $state.raw<AlertRow[]>([]);
  known = $state(false);
  /** False until REST has told of those resolved before, or failed to. */
  pastAsked = $state(false);
  /** Set where there is a collector to ask. */
  fetchPast: (() => Promise<AlertRecord[]>) | null = null;

  firing = $derived(this.all.filter((a) => a.phase === 'firing').sort(worst));
  pending = $derived(this.all.filter((a) => a.phase === 'pending').sort(worst));
  resolved = $derived(this.all.filter((a) => a.phase === 'resolved').sort((a, b) => b.since - a.since));
  /** The worst severity that fires, by host. */
  flags = $derived.by(() => {
    const flags = new Map<string, Severity>();
    for (const alert of this.firing) if (!flags.has(alert.host)) flags.set(alert.host, alert.severity);
    return flags;
  });

  /** Hosts that the collector calls down, a stop that lasted too long among them. */
  hostsDown = $derived(new Set(this.firing.filter((a) => a.rule === 'host-down').map((a) => a.host)));

  #columns = new Columns([]);
  #byId = new Map<number, AlertRow>();
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  snapshot(header: string[], rows: Row[]): void {
    this.#columns = new Columns(header);
    // Resolved is for ever; what fired and isn't told any more was resolved meanwhile, which REST knows.
    this.#byId = new Map([...this.#byId].filter(([, alert]) => alert.phase === 'resolved'));
    this.#put(rows);
    this.known = true;
    void this.#askPast(AGAIN_MS);
  }
  delta(rows: Row[], header: string[] | null): void {
    if (header) this.#columns = new Columns(header);
    this.#put(rows);
  }
  clear(): void {
    this.#byId = new Map();
    this.all = [];
    this.known = false;
    this.pastAsked = false;
    this.#asked += 1;
    clearTimeout(this.#timer);
  }

  async #askPast(again: number): Promise<void> {
    if (!this.fetchPast) return void (this.pastAsked = true);
    clearTimeout(this.#timer);
    const mine = ++this.#asked;
    try {
      const past = await this.fetchPast();
      if (mine !== this.#asked) return;
      // Of those that are pending or fire, the topic knows more.
      for (const record of past) if (record.state === 'resolved' && !this.#byId.has(record.id)) this.#byId.set(record.id, fromRest(record));
      this.#show();
    } catch {
      if (mine !== this.#asked) return;
      this.#timer = setTimeout(() => void this.#askPast(Math.min(AGAIN_MOST_MS, again * 2)), again);
    }
    this.pastAsked = true;
  }

  #put(rows: Row[]): void {
    for (const row of rows) {
      const alert = this.#read(row);
      if (row.length === 1 || !['pending', 'firing', 'resolved'].includes(alert.phase)) this.#byId.delete(alert.id);
      else this.#byId.set(alert.id, alert);
    }
    this.#show();
  }

  #show(): void {
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
      unit: c.text(row, 'unit'),
      reason: c.text(row, 'reason'),
      notifiesAt: c.number(row, 'notifies_at'),
      notifiedAt: c.number(row, 'notified_at'),
    };
  }
}

const fromRest = (a: AlertRecord): AlertRow => ({
  id: a.id, rule: a.rule, host: a.host, hostName: '', attributes: a.attributes, phase: a.state, severity: a.severity, since: a.since,
  value: a.value, unit: a.unit, reason: a.reason, notifiesAt: a.notifies_at, notifiedAt: a.notified_at,
});

const worst = (a: AlertRow, b: AlertRow): number => severityOrder(a.severity) - severityOrder(b.severity) || b.since - a.since;

export const alerts = new Alerts();
