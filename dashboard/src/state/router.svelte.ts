// Addresses, below the base: /, /hosts/<id>?range=…&from=…&to=…, /alerts, /alerts/<id>.

import { at, within } from '../api/base';

export type Route =
  | { page: 'fleet' }
  | { page: 'host'; id: string }
  | { page: 'alerts'; id: number | null }
  | { page: 'missing' };

export function parse(path: string): Route {
  if (path === '/' || path === '/index.html') return { page: 'fleet' };
  const host = /^\/hosts\/([0-9a-f]{32})\/?$/.exec(path);
  if (host?.[1]) return { page: 'host', id: host[1] };
  const alert = /^\/alerts(?:\/(\d+))?\/?$/.exec(path);
  if (alert) return { page: 'alerts', id: alert[1] ? Number(alert[1]) : null };
  return { page: 'missing' };
}

class Router {
  route = $state.raw<Route>({ page: 'fleet' });
  query = $state.raw(new URLSearchParams());

  start(): void {
    this.#read();
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#click(event));
  }

  go(path: string): void {
    history.pushState(null, '', at(path));
    this.#read();
    scrollTo(0, 0);
  }

  /** Changes the query only, without a new entry in the history. */
  setQuery(query: URLSearchParams): void {
    const text = query.toString();
    history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
    this.query = query;
  }

  #read(): void {
    // Past the proxy the page may be opened without the base; its links have it.
    if (within(location.pathname) === null) history.replaceState(null, '', at(location.pathname) + location.search);
    this.route = parse(within(location.pathname) ?? '');
    this.query = new URLSearchParams(location.search);
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download') || link.hash) return;
    const path = within(link.pathname);
    if (path === null) return;
    event.preventDefault();
    this.go(path + link.search);
  }
}

export const router = new Router();
