// The collector dies of -9 and comes back: page and agent return by themselves, and history equals what the relay saw.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hostPage, login } from './pages.mjs';
import { Relay } from './relay.mjs';
import { Agent, Client, Collector, openBrowser, picture, until } from './world.mjs';

const rounds = Number(process.env.VEDETTE_ROUNDS ?? 6);
let collector, relay, agent, client, browser, page, who;

before(async () => {
  collector = await new Collector().start();
  relay = await new Relay(collector, '192.0.2.1:9443').start();
  agent = (await new Agent().enrol(collector, { url: relay.url })).start();
  who = collector.addUser();
  client = new Client(collector).login(who);
  await client.untilStatus('up');
  ({ browser, page } = await openBrowser());
  await login(page, collector.url, who);
  await hostPage(page, collector.url, client.host());
});

after(async () => {
  await browser?.close();
  await agent?.stop('SIGKILL');
  relay?.stop();
  await collector?.stop();
});

/** The page's values that only a tick changes. */
const shown = async () => (await Promise.all(['cpu', 'load', 'memory'].map((id) => page.getByTestId(`value-${id}`).innerText()))).join(' ');
const series = ['system.cpu.load_average.1m', 'system.memory.usage{state=free}', 'system.memory.limit'];

test(`kill -9 of the collector ${rounds} times: no sample missing or doubled`, async () => {
  const host = client.host();
  for (let round = 0; round < rounds; round++) {
    await until('ticks flow', () => relay.seen(series[0]).at(-1)?.[0] > Date.now() - 1_500);
    await new Promise((resolve) => setTimeout(resolve, 1_000 + 2_700 * Math.random())); // dies at no particular moment of the commit's second
    await collector.stop('SIGKILL');
    await collector.start();
    const before = await shown(); // whatever comes after this comes from the new collector
    await client.untilStatus('up', { seconds: 45 });
    await until('the page shows new values', async () => (await page.getByTestId('connection').first().getAttribute('data-state')) === 'open' && (await shown()) !== before, { seconds: 40 });
  }
  await page.screenshot({ path: picture('host-after-collector-kill') });
  await agent.stop('SIGTERM'); // nothing comes after this: both lists are final
  await client.untilStatus('stopped');
  for (const name of series) {
    const seen = relay.seen(name);
    const [stored] = await until('history holds the newest tick', () => {
      const answer = client.history(host.id, name, seen[0][0] / 1000 - 5, seen.at(-1)[0] / 1000 + 5);
      return Math.round(answer[0].t.at(-1) * 1000) >= seen.at(-1)[0] && answer;
    });
    assert.deepEqual(stored.t.map((at, i) => [Math.round(at * 1000), stored.value[i]]), seen, name);
  }
  assert.deepEqual(relay.conflicts, []);
  assert.ok(relay.seen(series[0]).length >= 3 * rounds, 'enough happened to prove something');
});
