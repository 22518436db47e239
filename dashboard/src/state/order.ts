// Worst first. Pure.

import type { Severity, Status } from '../api/types';
import type { FleetHost } from './fleet.svelte';

const STATUS_RANK: Record<Status, number> = { lost: 0, unresponsive: 1, rejected: 2, unknown: 3, stopped: 4, new: 5, up: 6 };
const SEVERITY_RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };
const severityRank = (severity: Severity | undefined): number => (severity ? SEVERITY_RANK[severity] : 3);

/** By status, then by the worst alert that fires on it, then by CPU, then by name. */
export function worstFirst(hosts: readonly FleetHost[], flags: ReadonlyMap<string, Severity>): FleetHost[] {
  const keyed = hosts.map((host) => ({
    host,
    status: STATUS_RANK[host.row.status] ?? 3,
    flag: severityRank(flags.get(host.row.id)),
    cpu: Math.round((host.row.cpu ?? 0) * 100),
  }));
  keyed.sort((a, b) => a.status - b.status || a.flag - b.flag || b.cpu - a.cpu || a.host.row.name.localeCompare(b.host.row.name));
  return keyed.map((k) => k.host);
}

export const STATUS_ORDER: readonly Status[] = ['lost', 'unresponsive', 'rejected', 'unknown', 'stopped', 'new', 'up'];
export const severityOrder = severityRank;

/** Does the host fit what was typed? Every word must be in its name, a tag or its reason. */
export function fits(host: FleetHost, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = `${host.row.name} ${host.row.tags.join(' ')} ${host.row.reason}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
