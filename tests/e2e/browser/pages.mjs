// The dashboard's pages as a person uses them.
import assert from 'node:assert/strict';

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
  assert.equal(new URL(page.url()).pathname, `/hosts/${host.id}`);
}
