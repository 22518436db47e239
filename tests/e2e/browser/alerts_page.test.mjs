// The alerts page: what was resolved stays to be looked at, an address shows its own alert, and on a phone the detail is a
// page of its own. Issue 3, item 6.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login } from './pages.mjs';
import { Agent, Client, Collector, openBrowser, picture, until } from './world.mjs';

let collector, agent, client, who, opened, resolved;
const alerts = () => client.get('/api/v1/alerts').alerts;

before(async () => {
  collector = await new Collector({ config: `
[[rule]]
name = "memory-there"
series = "system.memory.limit"
above = 1000.0
for = "1s"
severity = "info"
` }).start();
  agent = (await new Agent().enrol(collector)).start();
  who = collector.addUser();
  client = new Client(collector).login(who);
  await client.untilStatus('up');
  await agent.stop('SIGKILL');
  await client.untilStatus('lost');
  agent.start();
  await client.untilStatus('up');
  resolved = await until('the host is no longer down', () => alerts().find((a) => a.rule === 'host-down' && a.state === 'resolved'));
  await until('the rule fires', () => alerts().some((a) => a.rule === 'memory-there' && a.state === 'firing'));
  opened = await openBrowser();
  await login(opened.page, collector.url, who);
});

after(async () => {
  await opened?.browser.close();
  await agent?.stop('SIGKILL');
  await collector?.stop();
});

test('an alert resolved before the page was opened is listed, and its address shows it', async () => {
  const { page } = opened;
  await page.goto(`${collector.url}/alerts`);
  await page.getByTestId('group-resolved').getByText('Host down').waitFor();
  await page.goto(`${collector.url}/alerts/${resolved.id}`);
  await page.getByTestId('alert-phase').getByText('Resolved').waitFor();
  assert.match(await page.getByTestId('alert-detail').innerText(), /Host down/);
});

test('an address that names no alert says so, with a way back', async () => {
  const { page } = opened;
  await page.goto(`${collector.url}/alerts/987654`);
  await page.getByTestId('no-such-alert').waitFor();
  assert.equal(await page.getByTestId('alert-detail').count(), 0);
  await page.getByTestId('no-such-alert').getByRole('link').click();
  await page.getByTestId('alert').first().waitFor();
});

test('on a phone the list and the detail are pages of their own', async () => {
  const { page } = opened;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${collector.url}/alerts`);
  await page.getByTestId('alert').first().waitFor();
  assert.equal(await page.getByTestId('alert-detail').isVisible(), false);
  await page.locator('[data-testid=alert][data-rule=memory-there]').click();
  await page.getByTestId('alert-detail').waitFor();
  assert.equal(await page.getByTestId('alert').first().isVisible(), false);
  assert.match(await page.getByTestId('alert-value').innerText(), /\d/);
  await page.screenshot({ path: picture('alert-phone') });
  await page.getByTestId('alert-back').click();
  await page.getByTestId('alert').first().waitFor();
  assert.equal(new URL(page.url()).pathname, '/alerts');
  assert.deepEqual(opened.faults.filter((f) => !/401/.test(f)), []);
});
