// Live messages by long polling: the last resort, where nothing may stay open for long.

import { at } from '../api/base';
import type { LiveMessage } from '../api/types';
import { watchWith } from './watch';

interface PollAnswer {
  cursor: string;
  events: LiveMessage[];
}

/** A close code for an answer that is none: what the WebSocket would have said. */
const codeOf = (status: number): number => (status === 401 ? 4401 : status === 429 || status === 503 ? 1013 : 1006);

export const openPolling = watchWith((topics, from, events) => {
  const stopped = new AbortController();
  const wanted = new Set(topics);
  const poll = async (): Promise<void> => {
    for (let cursor = from; !stopped.signal.aborted && wanted.size > 0; ) {
      const query = new URLSearchParams({ topics: [...wanted].join(',') });
      if (cursor) query.set('cursor', cursor);
      const answer = await fetch(at(`/api/v1/live/poll?${query}`), { signal: stopped.signal, cache: 'no-store' });
      if (!answer.ok) {
        events.close(codeOf(answer.status), '');
        return;
      }
      const body = (await answer.json()) as PollAnswer;
      for (const message of body.events) {
        if (message.type === 'error' && message.topic) wanted.delete(message.topic); // or each answer would come at once
        events.message(message);
      }
      // It stands for the beats, which polls don't carry: a sign of life, and how far we have come.
      events.message({ type: 'beat', cursor: body.cursor });
      cursor = body.cursor;
    }
  };
  poll().catch(() => {
    if (!stopped.signal.aborted) events.close(1006, '');
  });
  return { stop: () => stopped.abort() };
});
