// REST: JSON in, JSON or an ApiError out. Every call has a deadline; nothing is retried here.

import { at } from './base';
import type { AlertRecord, Happening, History, HostWithFacts, Outage, Problem, ProcessList, Session } from './types';

const DEADLINE_MS = 12_000;

/** An answer that isn't 2xx (status set) or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problem: Problem | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Called with the server's clock as told by an answer's Date header, in Unix ms. */
let onServerTime: (dateMs: number) => void = () => undefined;
export const setServerTimeSink = (sink: (dateMs: number) => void): void => {
  onServerTime = sink;
};

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(at(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        'X-Requested-With': 'vedette',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, error instanceof Error ? error.message : String(error));
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isFinite(date)) onServerTime(date);
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as Problem | null;
    const wait = Number(response.headers.get('Retry-After') ?? NaN);
    throw new ApiError(response.status, problem?.detail ?? problem?.title ?? response.statusText, problem, Number.isFinite(wait) ? wait : null);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

const query = (parameters: Record<string, string | number | string[]>): string => {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) out.append(key, String(one));
  }
  return out.toString();
};

export const getSession = (): Promise<Session> => call('GET', '/api/v1/session');
export const signIn = (user: string, password: string): Promise<Session> => call('POST', '/api/v1/session', { user, password });
export const signOut = (): Promise<void> => call('DELETE', '/api/v1/session');
export const getHost = (id: string, signal?: AbortSignal): Promise<HostWithFacts> =>
  call('GET', `/api/v1/hosts/${encodeURIComponent(id)}`, undefined, signal);
export const getOutages = async (id: string, from: number, to: number, signal?: AbortSignal): Promise<Outage[]> =>
  (await call<{ outages: Outage[] }>('GET', `/api/v1/hosts/${encodeURIComponent(id)}/outages?${query({ from, to })}`, undefined, signal)).outages;

export const getHappenings = async (id: string, from: number, to: number, signal?: AbortSignal): Promise<Happening[]> =>
  (await call<{ happenings: Happening[] }>('GET', `/api/v1/hosts/${encodeURIComponent(id)}/happenings?${query({ from, to })}`, undefined, signal)).happenings;

export const getProcesses = async (id: string, from: number, to: number, signal?: AbortSignal): Promise<ProcessList[]> =>
  (await call<{ processes: ProcessList[] }>('GET', `/api/v1/hosts/${encodeURIComponent(id)}/processes?${query({ from, to })}`, undefined, signal)).processes;

export const getAlerts = async (): Promise<AlertRecord[]> => (await call<{ alerts: AlertRecord[] }>('GET', '/api/v1/alerts')).alerts;

export interface HistoryRequest {
  host: string;
  series: string[];
  from: number;
  to: number;
  step: number;
}
export const getHistory = (request: HistoryRequest, signal?: AbortSignal): Promise<History> =>
  call('GET', `/api/v1/history?${query({ ...request })}`, undefined, signal);
