// Live messages over the WebSocket.

import { at } from '../api/base';
import type { LiveMessage } from '../api/types';
import { once, type OpenTransport } from './transport';

export const SUBPROTOCOL = 'vedette.live.v1';

export const openWebSocket: OpenTransport = (events) => {
  const to = once(events);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(`${scheme}//${location.host}${at('/api/v1/live')}`, SUBPROTOCOL);
  socket.onopen = () => to.open();
  socket.onmessage = (event: MessageEvent<string>) => to.message(JSON.parse(event.data) as LiveMessage);
  socket.onclose = (event) => to.close(event.code, event.reason);
  return {
    send: (request) => socket.send(JSON.stringify(request)),
    // The peer may be gone: don't wait for its close frame.
    close: () => {
      socket.close(1000);
      to.close(1000, '');
    },
  };
};
