import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import { i18n } from '../src/i18n/language.svelte';
import { causeOf } from '../src/live/close_reason';
import Connection from '../src/parts/Connection.svelte';
import { session } from '../src/state/session.svelte';

let page: object;
afterEach(() => {
  void unmount(page);
  i18n.set('en');
  session.trouble = '';
  session.live = { kind: 'idle' };
});
const find = (id: string): HTMLElement | null => document.querySelector(`[data-testid=${id}]`);

test('the pill says why the connection ended, differently for each cause, and the collector’s words on hover', () => {
  page = mount(Connection, { target: document.body });
  for (const language of ['en', 'ru'] as const) {
    i18n.set(language);
    const said = [4408, 1012, 4401, 1006, 1013].map((code) => {
      session.live = { kind: 'waiting', until: Date.now() + 4000, since: Date.now(), cause: causeOf(code), words: `words ${code}` };
      flushSync();
      expect(find('connection')?.title).toContain(`words ${code}`);
      return find('connection-why')?.textContent;
    });
    expect(new Set(said).size).toBe(5);
  }
});

test('what went wrong on an open connection is shown on it', () => {
  page = mount(Connection, { target: document.body });
  session.live = { kind: 'open', delay: 3, transport: 'websocket' };
  flushSync();
  expect(find('connection-why')).toBeNull();
  session.trouble = '"host/x" is no topic';
  flushSync();
  expect(find('connection-why')?.textContent).toBe('"host/x" is no topic');
  expect(find('connection')?.title).toBe('"host/x" is no topic');
});

test('another transport than the WebSocket is named', () => {
  page = mount(Connection, { target: document.body });
  session.live = { kind: 'open', delay: null, transport: 'websocket' };
  flushSync();
  expect(find('connection-over')).toBeNull();
  session.live = { kind: 'open', delay: null, transport: 'polling' };
  flushSync();
  expect(find('connection-over')?.textContent).toBe('by long polling');
  expect(find('connection')?.title).toContain('WebSocket');
});
