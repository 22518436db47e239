// Whatever was cut, the page's own charts have every second in the end: the agent's link, the browser's link, and the joint
// of history and live. Read from the table behind the chart, in a time zone that isn't UTC. Issue 3, items 6 and 7.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { hostPage, login } from './pages.mjs';
import { TcpRelay } from './tcp_relay.mjs';
import { Agent, Client, Collector, openBrowser, picture, until } from './world.mjs';

const ZONE = 'Asia/Kolkata';
const STEP = 2; // seconds a point: 15 min on a chart of this width
let collector, agent, client, host, browser, page, agentsWay, browsersWay, refused = [];

before(async () => {
  collector = await new Collector().start();
  agentsWay = await new TcpRelay('192.0.2.1:9443', collector.listen).mend();
  browsersWay = await new TcpRelay('192.0.2.1:10443', collector.listen).mend();
  agent = (await new Agent().enrol(collector, { url: agentsWay.url })).start();
  const who = collector.addUser();
  client = new Client(collector).login(who);
  host = await client.untilStatus('up');
  ({ browser } = await openBrowser());
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: ZONE });
  page = await context.newPage();
  page.on('console', (message) => { if (/Content Security Policy|Trusted/i.test(message.text())) refused.push(message.text()); });
  page.on('pageerror', (error) => refused.push(String(error)));
  await login(page, browsersWay.url, who);
  await hostPage(page, browsersWay.url, host);
});

after(async () => {
  await browser?.close();
  await agent?.stop('SIGKILL');
  await collector?.stop();
  agentsWay?.cut();
  browsersWay?.cut();
});

/** The load chart's figures as the page holds them: [[seconds, load of one minute], …]; `gaps` are the rows without any. */
async function drawn() {
  await page.locator('[data-testid=chart-load] [data-testid=open-table]:enabled').click();
  const rows = await page.getByTestId('data-table').locator('tbody tr').evaluateAll((list) => list.map((tr) => [Date.parse(tr.querySelector('time').dateTime) / 1000, tr.querySelector('data')?.value ?? null]));
  await page.getByTestId('data-table').getByRole('button').click();
  return rows.filter(([, value]) => value !== null).map(([at, value]) => [at, Number(value)]);
}
const widest = (rows) => Math.max(...rows.slice(1).map(([at], i) => at - rows[i][0]));
const filled = (from, seconds) => until('the page has no gap', async () => {
  const rows = (await drawn()).filter(([at]) => at >= from - 6);
  assert.ok(rows.length > (Date.now() / 1000 - from) / STEP - 3, `${rows.length} points`);
  assert.ok(widest(rows) <= STEP, `a gap of ${widest(rows)} s`);
  return rows;
}, { seconds, step: 500 });

test('what the page draws is what REST holds raw: every second once', async () => {
  const raw = () => client.history(host.id, 'system.cpu.load_average.1m', Date.now() / 1000 - 60, Date.now() / 1000)[0]?.t ?? [];
  await until('some ticks', () => raw().length > 12);
  await compare();
});

test('the agent cut off for 20 s: its gap is filled on the page as it stands, with its story told in the zone of the page', async () => {
  const from = Date.now() / 1000;
  agentsWay.cut();
  await client.untilStatus('lost');
  await pause(20_000 - (Date.now() - from * 1000));
  await agentsWay.mend();
  await client.untilStatus('up', { seconds: 40 });
  await filled(from, 40);
  const told = await until('the outage is explained', () => client.get(`/api/v1/hosts/${host.id}/outages`).outages.find((o) => o.correction), { seconds: 20 });
  const [, utc] = /network cut (\d\d:\d\d)/.exec(told.correction);
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, hour: '2-digit', minute: '2-digit' }).format(told.from * 1000);
  assert.notEqual(local, utc);
  const note = page.getByTestId('outage').first();
  await note.getByText(`network cut ${local}`).waitFor({ timeout: 15_000 });
  assert.match(await note.innerText(), /nobody was notified/);
  assert.equal(await note.getAttribute('data-notified'), 'false');
  await note.scrollIntoViewIfNeeded();
  await page.screenshot({ path: picture('host-gap-filled') });
});

test('the browser offline for 70 s, the host up all the time: the page fills its own gap', async () => {
  const from = Date.now() / 1000;
  browsersWay.cut();
  await page.locator('[data-testid=connection][data-state=waiting]').first().waitFor();
  assert.notEqual(await page.getByTestId('connection-why').first().innerText(), '');
  await pause(70_000 - (Date.now() - from * 1000));
  await browsersWay.mend();
  await page.evaluate(() => window.dispatchEvent(new Event('online'))); // what a browser tells when its network returns
  await page.locator('[data-testid=connection][data-state=open]').first().waitFor({ timeout: 35_000 });
  await filled(from, 20);
  assert.equal(await page.getByRole('alert').count(), 0, 'no error stays');
  assert.deepEqual(client.get(`/api/v1/hosts/${host.id}/outages`).outages.filter((o) => o.from > from), []);
});

test('after all that, too, what the page draws is what REST holds raw', () => compare());

test('paused, the picture stands; live again, it has what came', async () => {
  await page.keyboard.press('Space');
  await page.getByTestId('back-to-live').waitFor();
  const before = await drawn();
  await pause(4_000);
  assert.deepEqual(await drawn(), before);
  await page.getByTestId('back-to-live').click();
  await filled(before.at(-1)[0], 5);
});

test('the page kept to its policy', () => assert.deepEqual(refused, []));

/** The last three minutes: points of the page against averages of REST's raw samples. */
async function compare() {
  const rows = await drawn(), now = Date.now() / 1000;
  const raw = client.history(host.id, 'system.cpu.load_average.1m', now - 180, now)[0];
  const seconds = raw.t.map((at) => Math.floor(at));
  assert.equal(new Set(seconds).size, seconds.length, 'no second twice');
  assert.equal(seconds.at(-1) - seconds[0] + 1, seconds.length, 'no second missing');
  const buckets = new Map();
  raw.t.forEach((at, i) => { const b = Math.floor(at / STEP) * STEP; buckets.set(b, [...(buckets.get(b) ?? []), raw.value[i]]); });
  const whole = [...buckets].filter(([, list]) => list.length === STEP);
  const held = new Map(rows);
  assert.equal(held.size, rows.length, 'no point twice');
  // The newest tick or two may have come after the page was read.
  const compared = whole.filter(([at]) => at <= rows.at(-1)[0] - STEP);
  assert.ok(compared.length > 4 && compared.length >= whole.length - 3, `${compared.length} of ${whole.length}`);
  for (const [at, list] of compared) {
    const mean = list.reduce((a, b) => a + b) / list.length;
    assert.ok(Math.abs(held.get(at) - mean) < 1e-9, `at ${at}: page ${held.get(at)}, raw ${list}`);
  }
}
