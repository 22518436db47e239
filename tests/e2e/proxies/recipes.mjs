// Everything that people, scripts and agents do, through the recipes of docs/proxies in a real nginx, haproxy and Caddy. Issue 4, item 5.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { until } from '../browser/world.mjs';
import { Person } from './person.mjs';
import { folder, PROXY } from './recipe.mjs';
import { Stand } from './stand.mjs';

const CLIENT = '192.0.2.2';

/** The tests of all recipes of a kind: "nginx", "haproxy", "caddy". */
export function testRecipes(kind) {
  for (const file of fs.readdirSync(folder).filter((name) => name.startsWith(`${kind}-`)).sort()) through(file);
}

function through(file) {
  describe(file, () => {
    const stand = new Stand(file), { recipe, collector, url } = stand, seen = recipe.passThrough ? '127.0.0.1' : CLIENT;
    const logged = (words) => assert.match(collector.program.text(), new RegExp(`${words}.*peer=${seen.replaceAll('.', '\\.')}\\b`));
    let proxy, person, who;

    before(async () => ({ proxy, person, who } = await stand.start()));
    after(() => stand.stop());

    test('the page and all that it names', async () => {
      const page = await person.ask('/');
      assert.equal(page.status, 200);
      assert.match(page.body, new RegExp(`data-base="${recipe.prefix}/"`));
      const named = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name);
      assert.ok(named.length >= 3, page.body);
      const origin = new Person(new URL(url).origin, stand.ca);
      for (const name of named) {
        const plain = await origin.ask(name), packed = await origin.ask(name, { headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(plain.status, 200, name);
        assert.match(plain.headers['content-type'], /javascript|css|svg/, name);
        if (/\.(js|css)$/.test(name) && plain.body.length > 1000) assert.equal(packed.headers['content-encoding'], 'gzip', name);
        const again = await origin.ask(name, { headers: { 'If-None-Match': plain.headers.etag } });
        assert.equal(again.status, 304, `${name} ${plain.headers.etag}`);
      }
      const deep = await person.ask('/hosts/0123456789abcdef0123456789abcdef');
      assert.equal(deep.body, page.body, 'the page routes itself');
      assert.match(page.headers['content-security-policy'], /default-src 'none'/);
      if (recipe.prefix) {
        const bare = await person.ask('');
        assert.equal(bare.url, `${url}/`);
        assert.equal(bare.body, page.body);
      }
    });

    test('a login, with a cookie that stays below the path, and REST', async () => {
      assert.equal((await person.ask('/api/v1/hosts')).status, 401);
      const login = await person.login(who);
      assert.equal(login.status, 200, login.body);
      const name = recipe.prefix ? '__Secure-sid' : '__Host-sid';
      assert.match(login.headers['set-cookie'], new RegExp(`^${name}=[^;]+; Path=${recipe.prefix}/; HttpOnly; SameSite=Strict; Max-Age=\\d+; Secure$`));
      assert.deepEqual(await person.json('/api/v1/hosts'), { hosts: [] });
      logged('signed in');
      const foreign = await person.ask('/api/v1/session', { method: 'DELETE', headers: { Origin: 'https://evil.example' } });
      assert.equal(foreign.status, 403, foreign.body);
      assert.match(foreign.body, /expected \\"https:\/\/mon\.example\.org\\"/);
    });

    test('an agent enrols and streams; its address is its own', async () => {
      await stand.startAgent();
      await until('the host is up', async () => (await person.host())?.status === 'up');
      logged('host enrolled');
      logged('agent connected');
      await until('its ticks come', async () => Date.now() / 1000 - (await person.host()).last_tick < 3);
    });

    test('a viewer over WebSocket', async () => {
      const cookie = person.cookie();
      const socket = new WebSocket(`${url.replace('https', 'wss')}/api/v1/live`, 'vedette.live.v1', {
        ca: fs.readFileSync(stand.ca), origin: new URL(url).origin, headers: { Cookie: cookie },
        lookup: (_, options, done) => (options.all ? done(null, [{ address: PROXY, family: 4 }]) : done(null, PROXY, 4)),
      });
      const types = [];
      let ponged = false;
      socket.on('message', (text) => types.push(JSON.parse(text).type));
      socket.on('pong', () => { ponged = true; });
      await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
      socket.send(JSON.stringify({ op: 'subscribe', topics: ['fleet'] }));
      socket.ping('hello');
      await until('a snapshot, deltas and a pong', () => types[0] === 'snapshot' && types.filter((type) => type === 'delta').length >= 3 && ponged, { seconds: 10 });
      const closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
      socket.close(1000);
      assert.equal(await closed, 1000);
    });

    test('events come one by one as they happen', async () => {
      const came = [];
      let rest = '';
      const end = person.stream('/api/v1/live/events?topics=fleet', (piece) => {
        const events = (rest + piece).split('\n\n');
        rest = events.pop();
        for (const event of events) if (event.includes('data:')) came.push(performance.now());
      });
      await until('eight events', () => came.length >= 8, { seconds: 15 }).finally(end);
      const gaps = came.slice(2).map((at, i) => at - came[i + 1]);
      assert.ok(Math.max(...gaps) < 4_000 && Math.max(...gaps) > 200, `neither late nor in one heap: ${gaps.map(Math.round)}`);
    });

    test('a poll waits for what happens', async () => {
      const { cursor } = await person.json('/api/v1/live/poll?topics=fleet'), asked = performance.now();
      const { events } = await person.json(`/api/v1/live/poll?topics=fleet&cursor=${encodeURIComponent(cursor)}`);
      assert.ok(events.length > 0 && performance.now() - asked < 5_000);
      if (!/-(plain|tcp)/.test(file)) return; // it takes 25 s, and the path is nothing to it
      const quiet = await person.json('/api/v1/live/poll?topics=alerts'), from = performance.now();
      const answer = await person.json(`/api/v1/live/poll?topics=alerts&cursor=${encodeURIComponent(quiet.cursor)}`);
      assert.deepEqual(answer.events, []);
      assert.ok(performance.now() - from > 20_000, 'held for 25 s');
    });

    test('wrong passwords pause the address that tried them, whatever it says of itself', async () => {
      const wrong = { ...who, password: 'not the password' };
      const forged = (n) => ({ 'X-Forwarded-For': `203.0.113.${n}`, 'X-Forwarded-Host': 'evil.example', Forwarded: `for=203.0.113.${n}` });
      const tries = [];
      for (let n = 1; n <= 7; n++) tries.push((await person.login(wrong, forged(n))).status);
      assert.deepEqual(tries, [401, 401, 401, 401, 401, 429, 429]);
      assert.doesNotMatch(collector.program.text(), /203\.0\.113/);
      logged('login refused');
      const neighbour = new Person(url, stand.ca, { here: true });
      assert.equal((await neighbour.login(who)).status, recipe.passThrough ? 429 : 200, 'another client');
    });

    test('agent and people go on after the proxy reloads, and after it restarts', async () => {
      const began = (await person.host()).last_tick;
      proxy.reload();
      await until('ticks come on after the reload', async () => (await person.host()).last_tick > began + 3);
      assert.ok(proxy.program.alive, proxy.text());
      const connections = () => collector.program.text().split('agent connected').length;
      const before = connections(), stopped = (await person.host()).last_tick;
      await proxy.stop();
      proxy.start();
      await until('the agent is back', () => connections() > before);
      const host = await until('ticks come after the restart', async () => { const now = await person.host(); return now.last_tick > stopped + 5 && now; });
      const complete = async () => {
        const target = `/api/v1/history?host=${host.id}&series=system.cpu.load_average.1m&from=${began}&to=${host.last_tick}&step=0`;
        const [{ t }] = (await person.json(target)).series;
        assert.ok(t.length > 5 && t.slice(1).every((at, i) => at - t[i] < 1.5), t.join(' '));
        return true;
      };
      await until('not a tick is missing', complete);
    });
  });
}
