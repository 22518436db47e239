// Whom an agent trusts, over an address that isn't loopback: wrong name, expired, wrong CA, wrong pin are each refused.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, Client, Collector, Program, until } from './world.mjs';

const work = process.env.VEDETTE_WORK, binaries = process.env.VEDETTE_BINARIES, host = process.env.VEDETTE_HOST;
let collector;

before(async () => { collector = await new Collector().start(); });
after(() => collector?.stop());

/** libfaketime, wherever this machine's architecture has it. */
const faketime = () => execFileSync('dpkg', ['-L', 'libfaketime'], { encoding: 'utf8' }).split('\n').find((file) => file.endsWith('/libfaketime.so.1'));

/** A CA of our own and a server certificate from it, good for two days; made three days ago, it has expired. */
function certificates(name, { san, ago = 0 }) {
  // Newer versions of openssl refuse a negative -days.
  const then = ago ? { LD_PRELOAD: faketime(), FAKETIME: `-${ago}d` } : {};
  const file = (suffix) => path.join(work, `${name}.${suffix}`), openssl = (...words) => execFileSync('openssl', words, { stdio: 'pipe', env: { ...process.env, ...then } });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name} CA`, '-keyout', file('ca.key'), '-out', file('ca.crt'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr'));
  fs.writeFileSync(file('ext'), `subjectAltName=${san}\nextendedKeyUsage=serverAuth\n`);
  openssl('x509', '-req', '-in', file('csr'), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('ext'), '-days', '2', '-out', file('crt'));
  const pin = execFileSync('sh', ['-c', `openssl x509 -in ${file('ca.crt')} -pubkey -noout | openssl pkey -pubin -outform der | sha256sum`], { encoding: 'utf8' }).split(' ')[0];
  const leaf = fs.readFileSync(file('crt'));
  return { leaf, cert: Buffer.concat([leaf, fs.readFileSync(file('ca.crt'))]), key: fs.readFileSync(file('key')), ca: file('ca.crt'), pin: `sha256:${pin}` };
}

/** A TLS server that counts who comes, and what an agent dares to say to it. */
function impostor(pair, port) {
  const seen = { connections: 0, bytes: 0 };
  const server = tls.createServer({ cert: pair.cert, key: pair.key }, (socket) => { socket.on('data', (d) => (seen.bytes += d.length)); socket.on('error', () => {}); });
  server.on('connection', () => seen.connections++);
  server.on('tlsClientError', () => {});
  return new Promise((resolve) => server.listen(port, '192.0.2.1', () => resolve({ seen, close: () => server.close() })));
}

/** A certificate from an authority of its own, sent with the authority that is pinned: showing it proves nothing. */
function borrowed() {
  const ours = certificates('borrower', { san: 'IP:192.0.2.1' }), pinned = certificates('lender', { san: 'IP:192.0.2.1' });
  return { ...ours, cert: Buffer.concat([ours.leaf, fs.readFileSync(pinned.ca)]), pin: pinned.pin };
}

// The words are those of the refusal alone: none stands in the address or in another error.
const cases = {
  'wrong host name': { pair: () => certificates('name', { san: 'DNS:elsewhere.example.org' }), words: /wrong host name: the collector's certificate is for elsewhere\.example\.org, not for 192\.0\.2\.1/ },
  'expired certificate': { pair: () => certificates('old', { san: 'IP:192.0.2.1', ago: 3 }), words: /the certificate expired at \d{4}-/ },
  'wrong pin': { pair: () => certificates('pin', { san: 'IP:192.0.2.1' }), pin: `sha256:${'0'.repeat(64)}`, words: /wrong pin: no certificate authority in the collector's chain has the key sha256:0{64}/ },
  'wrong CA (the pinned one is shown, but did not sign)': { pair: borrowed, words: /wrong certificate authority: the pinned one didn't sign/ },
  'wrong CA (no pin, the system does not know it)': { pair: () => certificates('ca', { san: 'IP:192.0.2.1' }), pin: '', words: /wrong certificate authority: this system trusts none/ },
};
let port = 9500;
for (const [name, { pair, pin, words }] of Object.entries(cases)) {
  test(`${name}: refused at enrolment and by a running agent, and not a byte is said`, async () => {
    const ours = pair(), trusted = pin ?? ours.pin, server = await impostor(ours, ++port), url = `https://192.0.2.1:${port}`;
    const state = path.join(work, `trust-${port}`);
    try {
      const enrolled = await enrol(url, state, trusted ? ['--ca-pin', trusted] : []);
      assert.notEqual(enrolled.status, 0, enrolled.text);
      assert.match(enrolled.text, words);
      assert.equal(server.seen.connections, 1, 'the impostor was asked');
      assert.ok(!fs.existsSync(path.join(state, 'agent.toml')), 'nothing is stored');
      // A collector whose certificate was exchanged after the enrolment.
      fs.mkdirSync(state, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(state, 'agent.toml'), `url = "${url}"\npin = "${trusted}"\nhost_id = "${'a'.repeat(32)}"\nkey = "vk_none"\nhostname = ""\n`, { mode: 0o600 });
      const agent = new Program(`trust-${port}`, [`${binaries}/vedette-agent`, 'run', '--state', state], { namespace: host });
      try {
        await until('the running agent refuses it', () => words.test(agent.text()));
      } finally {
        await agent.stop('SIGKILL');
      }
      assert.ok(server.seen.connections >= 2, 'the impostor was asked again');
      assert.equal(server.seen.bytes, 0);
    } finally {
      server.close();
    }
  });
}

/** Tries to enrol; asynchronous, because this process is the impostor, too. */
async function enrol(url, state, more, { token = 'vt_none', environment = [] } = {}) {
  const words = ['netns', 'exec', host, 'env', ...environment, `${binaries}/vedette-agent`, 'enroll', url, '--token', token, '--state', state, ...more];
  try {
    const { stdout } = await promisify(execFile)('ip', words, { timeout: 20_000 });
    return { status: 0, text: stdout };
  } catch (error) {
    return { status: error.code, text: error.stderr };
  }
}

test('the right pin over the same address is accepted', async () => {
  const agent = (await new Agent({ name: 'trusted' }).enrol(collector)).start();
  const who = collector.addUser();
  await new Client(collector).login(who).untilStatus('up');
  await agent.stop();
});

test('without a pin an authority that the system trusts is accepted, at enrolment and by a running agent', async () => {
  const state = path.join(work, 'system-trust'), environment = [`SSL_CERT_FILE=${path.join(collector.data, 'tls', 'ca.crt')}`];
  const enrolled = await enrol(collector.url, state, [], { token: collector.token(), environment });
  assert.equal(enrolled.status, 0, enrolled.text);
  const id = enrolled.text.match(/enrolled as ([0-9a-f]{32})/)[1], client = new Client(collector).login(collector.addUser('watcher'));
  const agent = new Program('system-trust', ['env', ...environment, `${binaries}/vedette-agent`, 'run', '--state', state], { namespace: host });
  try {
    await until('it is up', () => client.get(`/api/v1/hosts/${id}`).status === 'up');
  } finally {
    await agent.stop();
    collector.run('hosts', 'revoke', id);
  }
});

test('a wrong token is refused with words', () => {
  const result = spawnSync('ip', ['netns', 'exec', host, `${binaries}/vedette-agent`, 'enroll', collector.url, '--token', 'vt_wrong', '--ca-pin', collector.pin(), '--state', path.join(work, 'no')], { encoding: 'utf8', timeout: 20_000 });
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /the collector refuses the token: it is mistyped, used up or expired; make a new one/);
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
