// Short names for the generated types. schema.d.ts comes from schema/api/openapi.yaml at build time.

import type { components } from './schema';

type Schemas = components['schemas'];
export type Session = Schemas['Session'];
export type Problem = Schemas['NoLoginProblem'];
export type Status = Schemas['Status'];
export type Severity = Schemas['Severity'];
export type Phase = Schemas['Phase'];
export type Outage = Schemas['Outage'];
export type Facts = Schemas['Facts'];
export type HostWithFacts = Schemas['HostWithFacts'];
/** Collectors that know them also tell these. */
export type AlertRecord = Schemas['Alert'] & { unit?: string; host_name?: string; notifies_at?: number | null; notified_at?: number | null };
export type History = Schemas['History'];
export type Attributes = Schemas['Attributes'];
export type LiveMessage = Schemas['LiveMessage'];
export type LiveRequest = Schemas['LiveRequest'];
export type Row = unknown[];
