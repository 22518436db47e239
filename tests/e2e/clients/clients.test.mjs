// WebSocket clients that nobody here wrote: Python's websockets, npm's ws, Go's gorilla/websocket, each with permessage-deflate and
// without. Issue 4, item 5.
//
// Every client signs in, upgrades, subscribes in a message of several fragments, takes a snapshot and a delta, pings, sends a command
// that doesn't exist, closes a second connection with 1000, and stays until the collector stops. It prints what it saw, a line of JSON each.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, Client, Collector, Program, until } from '../browser/world.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const kinds = {
  websockets: ['/usr/bin/python3', // Debian's, which has Debian's packages
    `${here}/client.py`],
  ws: [process.execPath, `${here}/client.mjs`],
  gorilla: [`${process.env.VEDETTE_ROOT}/.tools/clients/gorilla`],
};
const programs = [];
let collector, agent, who;

before(async () => {
  const built = fs.statSync(kinds.gorilla[0], { throwIfNoEntry: false })?.mtimeMs ?? 0;
  assert.ok(built >= fs.statSync(`${here}/client.go`).mtimeMs, 'the Go client is older than its source, or not there: ./dev test builds it');
  collector = await new Collector().start();
  agent = (await new Agent().enrol(collector)).start();
  who = collector.addUser();
  await new Client(collector).login(who).untilStatus('up');
});

after(async () => {
  for (const { program } of programs) program.signal('SIGKILL');
  await agent?.stop();
  await collector?.stop();
});

const lines = (program) => program.text().split('\n').filter(Boolean).map((line) => { try { return JSON.parse(line); } catch { throw new Error(program.text()); } });

for (const [kind, command] of Object.entries(kinds)) {
  for (const compression of ['plain', 'deflate']) {
    test(`${kind}, ${compression}`, async () => {
      const program = new Program(`${kind}-${compression}`, [...command, collector.url, `${collector.data}/tls/ca.crt`, who.user, who.password, compression]);
      programs.push({ kind, compression, program });
      const early = program.ended.then(() => { throw new Error(program.text()); });
      await Promise.race([early, until('it has seen all', () => lines(program).some((line) => line.waiting), { seconds: 60 })]);
      early.catch(() => undefined); // later it may end
      assert.deepEqual(lines(program), [
        { subprotocol: 'vedette.live.v1', compressed: compression === 'deflate' },
        { first: 'snapshot', topic: 'fleet', rows: 1 },
        { then: 'fleet' },
        { pong: true },
        { error: '"op" must be "subscribe" or "unsubscribe"' },
        { closed: 1000 },
        { waiting: true },
      ]);
    });
  }
}

test('all of them hear that the collector restarts: 1012', async () => {
  assert.equal(programs.length, 6);
  await collector.stop();
  for (const { kind, compression, program } of programs) {
    await until(`the end of ${kind}, ${compression}`, () => !program.alive);
    assert.deepEqual(lines(program).at(-1), { ended: 1012, reason: 'collector restarting' }, `${kind}, ${compression}`);
    assert.equal((await program.ended).code, 0);
  }
});
