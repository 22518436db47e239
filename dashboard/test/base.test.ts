import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => {
  vi.resetModules();
  history.replaceState(null, '', '/');
});
afterEach(() => {
  delete document.documentElement.dataset['base'];
});

const below = async (base: string | null) => {
  if (base !== null) document.documentElement.dataset['base'] = base;
  return import('../src/api/base');
};

test('without a base every path stands for itself', async () => {
  const { at, within } = await below(null);
  expect(at('/alerts')).toBe('/alerts');
  expect(within('/alerts/3')).toBe('/alerts/3');
  expect(within('/')).toBe('/');
});

test('below a base addresses have it, and the page reads them without', async () => {
  const { at, within } = await below('/vedette/');
  expect(at('/')).toBe('/vedette/');
  expect(at('/api/v1/hosts?x=/')).toBe('/vedette/api/v1/hosts?x=/');
  expect(within('/vedette/hosts/ab')).toBe('/hosts/ab');
  expect(within('/vedette/')).toBe('/');
  expect(within('/vedettes/')).toBeNull();
  expect(within('/grafana/')).toBeNull();
});

test('the router reads addresses below the base, writes them there, and mends one that lacks it; links out of it are the browser\'s', async () => {
  await below('/vedette/');
  history.replaceState(null, '', '/alerts/7?x=1');
  const { router } = await import('../src/state/router.svelte');
  router.start();
  expect(location.pathname + location.search).toBe('/vedette/alerts/7?x=1');
  expect(router.route).toEqual({ page: 'alerts', id: 7 });
  router.go('/');
  expect(location.pathname).toBe('/vedette/');
  expect(router.route).toEqual({ page: 'fleet' });

  // A link out of the base is left to the browser.
  const taken = (href: string): boolean => {
    const link = document.createElement('a');
    link.href = href;
    document.body.append(link);
    let prevented = false;
    addEventListener('click', (event) => { prevented = event.defaultPrevented; event.preventDefault(); }, { once: true });
    link.click();
    link.remove();
    return prevented;
  };
  expect(taken('/grafana/')).toBe(false);
  expect(taken('/vedette/alerts')).toBe(true);
  expect(router.route).toEqual({ page: 'alerts', id: null });
});
