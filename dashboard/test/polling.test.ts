import { afterEach, expect, test, vi } from 'vitest';
import { openPolling } from '../src/live/polling';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a topic that was refused is left out of the next poll, which would come back at once', async () => {
  const asked: string[] = [];
  const answers = [
    { cursor: 'r-1', events: [{ type: 'error', topic: 'host/x', message: 'Host web was revoked' }] },
    { cursor: 'r-2', events: [{ type: 'error', topic: 'fleet', message: 'no longer' }] },
  ];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(new URL(address, 'https://c').searchParams.get('topics') ?? '');
    return { ok: true, json: async () => answers[asked.length - 1] };
  });
  const events = { open: vi.fn(), message: vi.fn(), close: vi.fn() };
  openPolling(events).send({ op: 'subscribe', topics: ['fleet', 'host/x'] });
  await vi.waitFor(() => expect(events.message).toHaveBeenCalledTimes(4));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(asked).toEqual(['fleet,host/x', 'fleet']);
  expect(events.close).not.toHaveBeenCalled();
});
