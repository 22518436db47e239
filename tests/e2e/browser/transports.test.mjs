// A proxy that lets no WebSocket through, then none that streams either: the page goes on over Server-Sent Events, then by
// long polling, and says so. Tabs share one stream, so that a browser's six connections a site suffice. Issue 4, item 7.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HttpProxy } from './http_proxy.mjs';
import { lives, login, over } from './pages.mjs';
import { Agent, Client, Collector, openBrowser, picture, until } from './world.mjs';

let collector, agent, who, host, proxy, browser, context, page, faults;

before(async () => {
  collector = await new Collector().start();
  agent = (await new Agent().enrol(collector)).start();
  proxy = await new HttpProxy(collector, '192.0.2.1:10443').start();
  who = collector.addUser();
  host = await new Client(collector).login(who).untilStatus('up');
  ({ browser, context, page, faults } = await openBrowser());
  await login(page, proxy.url, who);
});

after(async () => {
  await browser?.close();
  await agent?.stop('SIGKILL');
  proxy?.stop();
  await collector?.stop();
});

test('over the WebSocket, as long as it gets through', async () => {
  await over(page, '');
  await lives(page);
});

test('a proxy that forbids WebSockets: the page goes on over Server-Sent Events and says so', async () => {
  proxy.websockets = false;
  proxy.cut();
  await over(page, 'over Server-Sent Events');
  await lives(page);
  assert.equal(proxy.streams(), 1);
  await page.screenshot({ path: picture('transport-events') });
});

test('eight tabs share one stream, and REST has connections left', async () => {
  const tabs = [];
  for (let i = 0; i < 8; i++) {
    const tab = await context.newPage();
    await tab.goto(proxy.url);
    tabs.push(tab);
  }
  await Promise.all(tabs.map((tab) => over(tab, 'over Server-Sent Events')));
  await Promise.all(tabs.map(lives));
  assert.equal(proxy.streams(), 1);
  const status = await tabs.at(-1).evaluate(async () => (await fetch('/api/v1/hosts', { signal: AbortSignal.timeout(5000) })).status);
  assert.equal(status, 200);
  // The first tab has the stream: another takes it over.
  await page.close();
  await until('another tab has the stream', () => proxy.streams() === 1);
  await Promise.all(tabs.map(lives));
  for (const tab of tabs.slice(1)) await tab.close();
  page = tabs[0];
  await lives(page);
});

test('a proxy that holds streams back: the page goes on by long polling', async () => {
  proxy.holdsStreams = true;
  proxy.cut();
  await over(page, 'by long polling', 90);
  await lives(page);
  await page.screenshot({ path: picture('transport-polling') });
});

test('a login that ends elsewhere ends the page too, by whatever transport', async () => {
  await page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE', headers: { 'X-Requested-With': 'vedette' } }));
  await page.getByText('Your login has ended. Sign in again.').waitFor({ timeout: 40_000 });
  assert.deepEqual(faults.filter((text) => /Content Security Policy|Trusted/i.test(text)), []);
});
