// Whom an agent trusts, over an address that isn't loopback: wrong name, expired, wrong CA, wrong pin are each refused.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { Agent, Client, Collector, until } from './world.mjs';

const work = process.env.VEDETTE_WORK, binaries = process.env.VEDETTE_BINARIES, host = process.env.VEDETTE_HOST;
let collector;

before(async () => { collector = await new Collector().start(); });
after(() => collector?.stop());

/** A CA of our own and a server certificate from it; `days` below 0 makes one that has expired. */
function certificates(name, { san, days = 2 }) {
  const file = (suffix) => path.join(work, `${name}.${suffix}`), openssl = (...words) => execFileSync('openssl', words, { stdio: 'pipe' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name} CA`, '-keyout', file('ca.key'), '-out', file('ca.crt'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr'));
  fs.writeFileSync(file('ext'), `subjectAltName=${san}\nextendedKeyUsage=serverAuth\n`);
  openssl('x509', '-req', '-in', file('csr'), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('ext'), '-days', String(days), '-out', file('crt'));
  const pin = execFileSync('sh', ['-c', `openssl x509 -in ${file('ca.crt')} -pubkey -noout | openssl pkey -pubin -outform der | sha256sum`], { encoding: 'utf8' }).split(' ')[0];
  return { cert: Buffer.concat([fs.readFileSync(file('crt')), fs.readFileSync(file('ca.crt'))]), key: fs.readFileSync(file('key')), ca: file('ca.crt'), pin: `sha256:${pin}` };
}

/** A TLS server that counts what an agent dares to say to it. */
function impostor(pair, port) {
  const said = [];
  const server = tls.createServer({ cert: pair.cert, key: pair.key }, (socket) => { socket.on('data', (d) => said.push(d)); socket.on('error', () => {}); });
  server.on('tlsClientError', () => {});
  return new Promise((resolve) => server.listen(port, '192.0.2.1', () => resolve({ said, close: () => server.close() })));
}

const cases = {
  'wrong host name': { pair: () => certificates('name', { san: 'DNS:elsewhere.example.org' }), words: /192\.0\.2\.1/ },
  'expired certificate': { pair: () => certificates('old', { san: 'IP:192.0.2.1', days: -1 }), words: /expired/i },
  'wrong pin': { pair: () => certificates('pin', { san: 'IP:192.0.2.1' }), pin: `sha256:${'0'.repeat(64)}`, words: /pin/i },
  'wrong CA (no pin, the system does not know it)': { pair: () => certificates('ca', { san: 'IP:192.0.2.1' }), pin: null, words: /trust|issuer|authority|self-signed|CA/i },
};
let port = 9500;
for (const [name, { pair, pin, words }] of Object.entries(cases)) {
  test(`${name}: refused, and not a byte is said`, async () => {
    const ours = pair(), server = await impostor(ours, ++port);
    try {
      const result = await enrol(`https://192.0.2.1:${port}`, pin === undefined ? ours.pin : pin);
      assert.notEqual(result.status, 0, result.stderr);
      assert.match(result.stderr, words);
      assert.equal(server.said.length, 0);
    } finally {
      server.close();
    }
  });
}

/** Tries to enrol; asynchronous, because this process is the impostor, too. */
function enrol(url, pin) {
  const words = ['netns', 'exec', host, `${binaries}/vedette-agent`, 'enroll', url, '--token', 'vt_none', ...(pin ? ['--ca-pin', pin] : []), '--state', path.join(work, `trust-${port}`)];
  return new Promise((resolve) => {
    const child = spawn('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    child.on('exit', (status) => resolve({ status, stderr }));
  });
}

test('the right pin over the same address is accepted', async () => {
  const agent = (await new Agent({ name: 'trusted' }).enrol(collector)).start();
  const who = collector.addUser();
  await new Client(collector).login(who).untilStatus('up');
  await agent.stop();
});

test('a wrong token is refused with words', () => {
  const result = spawnSync('ip', ['netns', 'exec', host, `${binaries}/vedette-agent`, 'enroll', collector.url, '--token', 'vt_wrong', '--ca-pin', collector.pin(), '--state', path.join(work, 'no')], { encoding: 'utf8', timeout: 20_000 });
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /token/i);
  assert.ok(!fs.existsSync(path.join(work, 'no', 'agent.toml')) || !fs.readFileSync(path.join(work, 'no', 'agent.toml'), 'utf8').includes('key'));
});

test('hosts revoke closes at once with 4403, and the agent says so', async () => {
  const agent = (await new Agent({ name: 'revoked' }).enrol(collector)).start();
  await until('it is connected', () => /connected|welcome/i.test(agent.program.text()));
  const name = collector.run('hosts', 'list').split('\n').at(-2).match(/\S+/)[0];
  collector.run('hosts', 'revoke', name);
  await until('the agent logs 4403', () => /4403/.test(agent.program.text()), { seconds: 5 });
  await agent.stop();
});
