// What carries live messages: the one interface of the WebSocket, Server-Sent Events and long polling.

import type { LiveMessage, LiveRequest } from '../api/types';

export interface TransportEvents {
  /** Requests may be sent from here on. */
  open(): void;
  message(message: LiveMessage): void;
  /** Once, at the end. `code` is a WebSocket close code; 1006 when nothing told why. */
  close(code: number, reason: string): void;
}

export interface Transport {
  send(request: LiveRequest): void;
  close(): void;
}

export type OpenTransport = (events: TransportEvents) => Transport;

/** The order in which they are tried: each costs more than the one before. */
export const TRANSPORTS = ['websocket', 'events', 'polling'] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** The events of one opening, silent after the end, which comes once. */
export function once(events: TransportEvents): TransportEvents & { readonly ended: boolean } {
  let ended = false;
  return {
    get ended() {
      return ended;
    },
    open: () => {
      if (!ended) events.open();
    },
    message: (message) => {
      if (!ended) events.message(message);
    },
    close: (code, reason) => {
      if (ended) return;
      ended = true;
      events.close(code, reason);
    },
  };
}
