// The dashboard's pages as a person uses them.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from './world.mjs';

/** Signs in and waits for the fleet. */
export async function login(page, url, { user, password }) {
  await page.goto(url);
  await page.getByLabel(/^User$/).fill(user);
  await page.getByLabel(/^Password$/).fill(password);
  await page.getByRole('button', { name: /^Sign in$/ }).click();
  await page.getByRole('heading', { name: 'Fleet', exact: true }).waitFor();
}

/** Opens a host's page and waits for its charts. */
export async function hostPage(page, url, host) {
  await page.goto(`${url}/hosts/${host.id}`);
  await page.getByRole('heading', { name: host.name }).first().waitFor();
  assert.equal(page.url(), `${url}/hosts/${host.id}`);
}

/** Waits until the page says that it is connected, and over what: "" is the WebSocket. */
export const over = (of, words, seconds = 60) => until(`connected ${words || 'over WebSocket'}`, async () => {
  const pill = of.getByTestId('connection');
  assert.equal(await pill.getAttribute('data-state'), 'open');
  const said = of.getByTestId('connection-over');
  assert.equal((await said.count()) ? await said.innerText() : '', words);
  return true;
}, { seconds, step: 200 });

/** For eight seconds the page's newest sample of the host is never older than five: live values keep coming. */
export async function lives(of) {
  const shown = of.getByTestId('host-row').getByTestId('last-seen');
  const age = async () => {
    const [, seconds] = /^([\d.]+)\s*s$/.exec(await shown.innerText()) ?? [];
    assert.ok(Number(seconds) < 5, `last seen ${await shown.innerText()}`);
    return true;
  };
  await until('a fresh sample', age, { seconds: 20, step: 200 });
  for (const end = Date.now() + 8000; Date.now() < end; await pause(300)) await age();
}
