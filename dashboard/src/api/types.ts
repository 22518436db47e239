// Short names for the generated types. schema.d.ts comes from schema/api/openapi.yaml at build time.

import type { components } from './schema';

type Schemas = components['schemas'];
export type Session = Schemas['Session'];
export type Problem = Schemas['NoLoginProblem'];
export type Status = Schemas['Status'];
export type Severity = Schemas['Severity'];
export type Phase = Schemas['Phase'];
export type Outage = Schemas['Outage'];
export type Happening = Schemas['Happening'];
export type ProcessList = Schemas['ProcessList'];
export type Process = Schemas['Process'];
export type Facts = Schemas['Facts'];
export type HostWithFacts = Schemas['HostWithFacts'];
export type AlertRecord = Schemas['Alert'];
export type History = Schemas['History'];
export type Attributes = Schemas['Attributes'];
export type LiveMessage = Schemas['LiveMessage'];
export type LiveRequest = Schemas['LiveRequest'];
export type Row = unknown[];
