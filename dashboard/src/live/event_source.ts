// Live messages over Server-Sent Events.

import { at } from '../api/base';
import type { LiveMessage } from '../api/types';
import { watchWith } from './watch';

interface Farewell {
  code: number;
  reason: string;
}

export const openEvents = watchWith((topics, cursor, events) => {
  const query = new URLSearchParams({ topics: topics.join(',') });
  if (cursor) query.set('cursor', cursor);
  const source = new EventSource(at(`/api/v1/live/events?${query}`));
  source.onmessage = (event: MessageEvent<string>) => events.message(JSON.parse(event.data) as LiveMessage);
  source.addEventListener('close', (event) => {
    const told = JSON.parse((event as MessageEvent<string>).data) as Farewell;
    source.close();
    events.close(told.code, told.reason);
  });
  // The browser would try again by itself; when and whether is the connection's to say, as for every transport.
  source.onerror = () => {
    source.close();
    events.close(1006, '');
  };
  return { stop: () => source.close() };
});
