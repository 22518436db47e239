// Why the connection ended, as one of a few causes that a person can tell apart; the words are the dictionaries'.

export type Cause = 'silent' | 'refused' | 'unreachable' | 'broken' | 'away' | 'policy' | 'fault' | 'restarting' | 'busy' | 'ended' | 'slow';

const BY_CODE: Record<number, Cause> = {
  1000: 'away', 1001: 'away', 1002: 'fault', 1003: 'fault', 1005: 'broken', 1006: 'broken', 1007: 'fault', 1008: 'policy', 1009: 'fault', 1011: 'fault',
  1012: 'restarting', 1013: 'busy', 4401: 'ended', 4408: 'slow',
};

/** A code that a later collector may send reads as a fault: its own words stand beside it. */
export const causeOf = (code: number): Cause => BY_CODE[code] ?? 'fault';
