// What a page sees when the collector ends its live connection: the close code and the reason, over a WebSocket and over
// Server-Sent Events; and the collector's log has both.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Collector, openBrowser, until } from './world.mjs';

let collector, opened;

before(async () => {
  collector = await new Collector({ name: 'closing' }).start();
  opened = await openBrowser();
});

after(async () => {
  await opened?.browser.close();
  await collector?.stop();
});

/** Signs the page in. */
async function signIn(who) {
  await opened.page.goto(`${collector.url}/healthz`); // any page of this origin
  const status = await opened.page.evaluate(async (body) => (await fetch('/api/v1/session', {
    method: 'POST', headers: { 'X-Requested-With': 'vedette', 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  })).status, who);
  assert.equal(status, 200);
}

/** Opens a WebSocket and an event stream in the page; `ended()` awaits what the page was told of their ends. */
async function open() {
  await opened.page.evaluate(async () => {
    window.ends = {};
    window.socket = new WebSocket(`wss://${location.host}/api/v1/live`, 'vedette.live.v1');
    socket.onclose = (event) => { ends.socket = { code: event.code, reason: event.reason }; };
    window.events = new EventSource('/api/v1/live/events?topics=fleet');
    events.addEventListener('close', (event) => { ends.events = JSON.parse(event.data); events.close(); });
    await Promise.all([socket, events].map((one) => new Promise((resolve) => { one.onopen = resolve; })));
  });
  return (name) => until(`the page hears that its ${name} ended`, () => opened.page.evaluate((key) => ends[key], name));
}

const logged = (transport, code, reason) => until(`the collector logs ${code} of ${transport}`, () =>
  collector.program.text().split('\n').some((line) => line.includes('msg="viewer disconnected"') && line.includes(`transport=${transport}`) &&
    line.includes(`code=${code} reason="${reason}"`)));

test('faults of the page are closed with their code and words', async () => {
  await signIn(collector.addUser('ann'));
  for (const [script, code, reason] of [
    ['socket.send(new Uint8Array(1))', 1003, 'viewers send text messages'],
    ['for (let i = 0; i < 3; ++i) socket.send("?")', 1008, 'too many bad messages: this is no JSON object'],
    ['socket.send("x".repeat(5000))', 1009, 'message too big'],
    ['socket.close(1000, "the page has had enough")', 1000, 'the page has had enough'],
  ]) {
    const ended = await open();
    await opened.page.evaluate(script);
    const told = await ended('socket');
    assert.equal(told.code, code, script);
    if (code !== 1000) assert.equal(told.reason, reason); // a browser's own reason isn't echoed
    await logged('websocket', code, reason);
  }
});

test('the end of the login is 4401 on both', async () => {
  const ended = await open();
  await opened.page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE', headers: { 'X-Requested-With': 'vedette' } }));
  for (const [name, transport] of [['socket', 'websocket'], ['events', 'events']]) {
    assert.deepEqual(await ended(name), { code: 4401, reason: 'your login ended' });
    await logged(transport, 4401, 'your login ended');
  }
});

test('a collector that stops is 1012 on both', async () => {
  await signIn(collector.addUser('ben'));
  const ended = await open();
  await collector.stop();
  for (const [name, transport] of [['socket', 'websocket'], ['events', 'events']]) {
    assert.deepEqual(await ended(name), { code: 1012, reason: 'collector restarting' });
    await logged(transport, 1012, 'collector restarting');
  }
});
