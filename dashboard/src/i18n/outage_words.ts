import type { Outage } from '../api/types';
import { timesOfPage } from '../format/outage_times';
import { i18n } from './language.svelte';

/** What turned out, in the page's language and zone; empty if nothing did. */
export const correctionWords = (outage: Outage): string => (outage.correction ? i18n.t.reason(timesOfPage(outage.correction, outage.from, outage.to)) : '');

/** Why the host was away: what turned out, otherwise the verdict at the time. */
export const outageWords = (outage: Outage): string => correctionWords(outage) || i18n.t.reason(outage.reason);
