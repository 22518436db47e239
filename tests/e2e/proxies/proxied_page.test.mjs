// The page below a path, in a browser, behind real proxies: sign-in, addresses, live values over every transport. Issue 4, item 5.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lives, login, over } from '../browser/pages.mjs';
import { openBrowser, picture, until } from '../browser/world.mjs';
import { NAME, PROXY } from './recipe.mjs';
import { Stand } from './stand.mjs';

/** nginx as it may be in the way: it forbids the page's WebSocket; or that, and holds streams back. */
const forbidding = (text) => text.replace('location /vedette/ {', 'location = /vedette/api/v1/live { return 403; }\n  location /vedette/ {');
const holdingBack = (text) => forbidding(text).replace('location /vedette/ {',
  'location = /vedette/api/v1/live/events { proxy_pass http://127.0.0.1:8443; proxy_ignore_headers X-Accel-Buffering; proxy_buffer_size 64k; proxy_buffers 8 64k; }\n  location /vedette/ {');

const cases = [
  ['nginx-prefix.conf', ''],
  ['haproxy-prefix-stripped.cfg', ''], // the browser speaks HTTP/2 with this one
  ['caddy-prefix.Caddyfile', ''], // and with this one
  ['nginx-prefix-stripped.conf', 'over Server-Sent Events', forbidding],
  ['nginx-prefix.conf', 'by long polling', holdingBack],
];

for (const [file, transport, change] of cases) {
  describe(`${file} ${transport}`, () => {
    const stand = new Stand(file, { name: `${file}-${transport.replaceAll(' ', '-')}`, change });
    let opened, page, host;

    before(async () => {
      await stand.start();
      await stand.person.login(stand.who);
      await stand.startAgent();
      host = await until('the host is up', async () => { const one = await stand.person.host(); return one?.status === 'up' && one; });
      opened = await openBrowser({ names: `MAP ${NAME} ${PROXY}` });
      ({ page } = opened);
    });
    after(async () => {
      await opened?.browser.close();
      await stand.stop();
    });

    test('sign in, from the address without the slash', async () => {
      await login(page, stand.url, stand.who);
      assert.equal(page.url(), `${stand.url}/`);
      const [cookie] = await opened.context.cookies(`${stand.url}/`);
      assert.deepEqual([cookie.name, cookie.path, cookie.secure, cookie.httpOnly], ['__Secure-sid', '/vedette/', true, true]);
      assert.deepEqual(await opened.context.cookies(`https://${NAME}/`), [], 'no other service of the name gets it');
    });

    test(`live values come ${transport || 'over WebSocket'}`, async () => {
      await over(page, transport, 90);
      await lives(page);
      await page.getByTestId('host-row').getByRole('link').first().click();
      await page.getByTestId('value-cpu').waitFor();
      assert.equal(page.url(), `${stand.url}/hosts/${host.id}`);
      await page.locator('[data-testid=chart-cpu][data-drawn=true]').waitFor();
      await page.screenshot({ path: picture(`proxy-${file}-${transport.replaceAll(' ', '-') || 'websocket'}`) });
    });

    test('links lead below the path, and every address can be loaded', async () => {
      await page.getByRole('link', { name: 'Alerts' }).first().click();
      await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor();
      assert.equal(page.url(), `${stand.url}/alerts`);
      await page.reload();
      await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: host.name }).first().waitFor();
      const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href));
      assert.ok(links.length >= 3 && links.every((link) => link.startsWith(`${stand.url}/`)), links.join(' '));
    });

    test('signing out takes the cookie away', async () => {
      await page.getByTestId('account').first().click();
      await page.getByTestId('sign-out').first().click();
      await page.getByRole('button', { name: /^Sign in$/ }).waitFor();
      assert.deepEqual(await opened.context.cookies(`${stand.url}/`), []);
      assert.deepEqual(opened.faults.filter((fault) => !/401|426|WebSocket|ERR_/.test(fault)), []);
    });
  });
}
