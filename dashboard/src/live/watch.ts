// Transports whose topics come with the request: every change of topics is a request of its own. This keeps the topics
// and says when and from where to ask.

import type { LiveRequest } from '../api/types';
import { once, type OpenTransport, type TransportEvents } from './transport';

/** One request under way; ends when it is told to. */
export interface Request {
  stop(): void;
}

/**
 * Starts a request for `topics`, from `cursor` or with snapshots. Reports through `events`, which are silent once the
 * request was stopped.
 */
export type Ask = (topics: string[], cursor: string | null, events: TransportEvents) => Request;

/** A transport of requests. What is asked for in one turn of the event loop becomes one request. */
export const watchWith =
  (ask: Ask): OpenTransport =>
  (events) => {
    const to = once(events);
    const topics = new Set<string>();
    let cursor: string | null = null;
    let whole = true; // the cursor stands for all topics
    let request: Request | null = null;
    let due = false;

    const restart = (): void => {
      due = false;
      request?.stop();
      request = null;
      if (to.ended || topics.size === 0) return;
      let mine: Request | null = null;
      const current = (): boolean => mine === null || mine === request;
      mine = ask([...topics], whole ? cursor : null, {
        open: () => undefined,
        message: (message) => {
          if (!current()) return;
          if (message.type !== 'error') cursor = message.cursor;
          else if (message.topic) topics.delete(message.topic); // refused, or lost: asked for again it would be again
          to.message(message);
        },
        close: (code, reason) => {
          if (current()) to.close(code, reason);
        },
      });
      request = mine;
      whole = true;
    };
    const restartSoon = (): void => {
      if (due) return;
      due = true;
      queueMicrotask(restart);
    };
    const take = (told: LiveRequest): void => {
      for (const topic of told.topics) {
        if (told.op === 'unsubscribe') topics.delete(topic);
        else topics.add(topic);
      }
      if (told.op === 'unsubscribe') {
        // What comes for it is not listened to; the next request leaves it out.
        if (topics.size === 0) restartSoon();
        return;
      }
      // A cursor stands for all topics of a request: one that is new needs its snapshot, so all get one.
      if (told.cursor && cursor === null) cursor = told.cursor;
      else if (!told.cursor) whole = false;
      restartSoon();
    };
    queueMicrotask(() => to.open());
    return {
      send: take,
      close: () => {
        request?.stop();
        request = null;
        to.close(1000, '');
      },
    };
  };
