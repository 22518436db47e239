// Why a host is down, told by the page itself: stop, kill, freeze, cut. Issue 3, item 7.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, Client, Collector, link, openBrowser, picture, until } from './world.mjs';
import { hostPage, login } from './pages.mjs';

let collector, agent, client, browser, page, faults;

before(async () => {
  collector = await new Collector().start();
  agent = (await new Agent().enrol(collector)).start();
  const who = collector.addUser();
  client = new Client(collector).login(who);
  await client.untilStatus('up');
  ({ browser, page, faults } = await openBrowser());
  await login(page, collector.url, who);
});

after(async () => {
  await browser?.close();
  await agent?.stop('SIGKILL');
  await collector?.stop();
});

const outages = (host, from) => client.get(`/api/v1/hosts/${host.id}/outages?from=${from}&to=${Date.now() / 1000 + 60}`).outages;
/** Tick times of one gauge since `from`, in seconds. */
const times = (host, from) => client.history(host.id, 'system.cpu.load_average.1m', from, Date.now() / 1000 + 60)[0]?.t ?? [];
const widestStep = (t) => Math.max(...t.slice(1).map((at, i) => at - t[i]));

test('SIGTERM: "service stopped" at once', async () => {
  await hostPage(page, collector.url, client.host());
  const began = performance.now();
  await agent.stop('SIGTERM');
  await page.getByText(/service stopped/i).first().waitFor({ timeout: 2_000 });
  assert.ok(performance.now() - began < 3_000);
  assert.equal((await client.untilStatus('stopped')).reason, 'service stopped');
  await page.screenshot({ path: picture('host-stopped') });
  agent.start();
  await client.untilStatus('up');
});

test('SIGKILL: lost within 3 s', async () => {
  await until('ticks flow', () => client.host().status === 'up');
  const killed = Date.now() / 1000;
  await agent.stop('SIGKILL');
  const words = /connection ended without goodbye: agent killed, or something between cut it/i;
  // The promise is the collector's verdict. The page shows it when the message has come and was drawn: half a second for
  // a browser that shares the machine with the tests.
  await page.getByText(words).first().waitFor({ timeout: 3_500 });
  const verdict = client.host();
  assert.equal(verdict.status, 'lost');
  assert.match(verdict.reason, words);
  assert.ok(verdict.since > killed && verdict.since - killed <= 3, `the verdict came ${verdict.since - killed} s after the kill`);
  await page.screenshot({ path: picture('host-lost') });
  agent.start();
  await client.untilStatus('up');
});

test('SIGSTOP: "machine answers" within 15 s; after SIGCONT up again, and the stop stays a labelled gap', async () => {
  const host = await client.untilStatus('up');
  await until('some ticks', () => times(host, Date.now() / 1000 - 10).length > 3);
  const from = Date.now() / 1000;
  agent.program.signal('SIGSTOP');
  await page.getByText(/machine answers, agent is stopped or starved/i).first().waitFor({ timeout: 15_500 });
  assert.equal(client.host().status, 'unresponsive');
  await page.screenshot({ path: picture('host-unresponsive') });
  agent.program.signal('SIGCONT');
  await client.untilStatus('up');
  const back = Date.now() / 1000;
  await until('ticks after it', () => times(host, back).length > 3);
  assert.ok(widestStep(times(host, from - 5)) > 8, 'the stop is a gap');
  const outage = await until('the outage has ended and is explained', () => outages(host, from - 2).find((o) => o.to && o.status === 'unresponsive' && o.correction));
  assert.match(outage.reason, /machine answers/);
  assert.match(outage.correction, /no samples/);
});

test('a cut of 60 s: "host off, frozen, or network cut"; afterwards the gap is filled and the incident corrected', async () => {
  const host = await client.untilStatus('up');
  const from = Date.now() / 1000;
  await until('some ticks', () => times(host, from - 10).length > 3);
  link.drop();
  try {
    await page.getByText(/host off, frozen, or network cut/i).first().waitFor({ timeout: 20_000 });
    assert.equal(client.host().status, 'unresponsive');
    await page.screenshot({ path: picture('host-cut') });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 60_000 - (Date.now() - from * 1000)))); // the cut itself lasts 60 s
  } finally {
    link.undrop();
  }
  await client.untilStatus('up', { seconds: 60 });
  const outage = await until('the incident is corrected', () => outages(host, from - 2).find((o) => o.correction), { seconds: 60 });
  assert.match(outage.correction, /^host was up; network cut \d\d:\d\d–\d\d:\d\d$/);
  const t = await until('the gap is filled', () => { const seen = times(host, from - 5); return widestStep(seen) < 2.5 && seen; }, { seconds: 60 });
  assert.equal(new Set(t).size, t.length, 'no tick twice');
  await page.screenshot({ path: picture('host-after-cut') });
});

test('the page itself stayed sound', () => assert.deepEqual(faults.filter((f) => !/WebSocket|Failed to load resource/.test(f)), []));
