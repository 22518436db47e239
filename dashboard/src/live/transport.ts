// What carries live messages. WebSocket today; Server-Sent Events and long polling can stand behind the same interface.

import type { LiveMessage, LiveRequest } from '../api/types';

export interface TransportEvents {
  open(): void;
  message(message: LiveMessage): void;
  /** Once, at the end. `code` is a WebSocket close code; 1006 when there was no close frame or no handshake. */
  close(code: number, reason: string): void;
}

export interface Transport {
  send(request: LiveRequest): void;
  close(): void;
}

export type OpenTransport = (events: TransportEvents) => Transport;

export const SUBPROTOCOL = 'vedette.live.v1';

export const openWebSocket: OpenTransport = (events) => {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live`, SUBPROTOCOL);
  let ended = false;
  socket.onopen = () => events.open();
  socket.onmessage = (event: MessageEvent<string>) => {
    if (!ended) events.message(JSON.parse(event.data) as LiveMessage);
  };
  socket.onclose = (event) => {
    if (ended) return;
    ended = true;
    events.close(event.code, event.reason);
  };
  return {
    send: (request) => socket.send(JSON.stringify(request)),
    // The peer may be gone: don't wait for its close frame.
    close: () => {
      if (ended) return;
      ended = true;
      socket.close(1000);
      events.close(1000, '');
    },
  };
};
