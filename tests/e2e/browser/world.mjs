// The world of an end-to-end test: a collector, an agent on "another machine", a browser. Everything real.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const execFilePromise = promisify(execFile);
// Each test file is a process of its own and has a folder of its own.
const work = fs.mkdtempSync(path.join(process.env.VEDETTE_WORK, 'world-'));
const { VEDETTE_BINARIES: binaries, VEDETTE_HOST: hostNamespace, VEDETTE_ROOT: root } = process.env;

/** Awaits a condition: `ask` returns something true, or throws or returns something false to be asked again. */
export async function until(what, ask, { seconds = 30, step = 50 } = {}) {
  const deadline = performance.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s; last: ${last?.stack ?? JSON.stringify(last)}`);
    await pause(step);
  }
}

/** A process whose output goes to a file and whose end can be awaited. Signals go to the program itself, by pid. */
export class Program {
  constructor(name, command, { namespace } = {}) {
    const words = namespace ? ['ip', 'netns', 'exec', namespace, ...command] : command;
    this.log = path.join(work, `${name}.log`);
    const out = fs.openSync(this.log, 'a');
    this.child = spawn(words[0], words.slice(1), { stdio: ['ignore', out, out] });
    fs.closeSync(out);
    this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve({ code, signal })));
  }
  get pid() { return this.child.pid; } // `ip netns exec` replaces itself by the program
  get alive() { return this.child.exitCode === null && this.child.signalCode === null; }
  signal(name) { this.child.kill(name); }
  async stop(name = 'SIGTERM') {
    if (this.alive) this.signal(name);
    return this.ended;
  }
  text() { return fs.readFileSync(this.log, 'utf8'); }
}

export class Collector {
  constructor({ name = 'collector', listen = '192.0.2.1:8443', config = '' } = {}) {
    Object.assign(this, { name, listen, url: `https://${listen}`, data: path.join(work, name), configFile: path.join(work, `${name}.toml`) });
    fs.writeFileSync(this.configFile, config);
  }
  words(...command) { return [`${binaries}/vedette-server`, ...command, '--data', this.data, '--config', this.configFile]; }
  run(...command) { return execFileSync(this.words(...command)[0], this.words(...command).slice(1), { encoding: 'utf8', timeout: 20_000 }); }
  async start() {
    this.program = new Program(this.name, this.words('run', '--listen', this.listen, '--dashboard', `${root}/dashboard/dist`));
    await until('the collector answers', async () => {
      if (!this.program.alive) throw new Error(this.program.text());
      return execFileSync('curl', ['-sSk', '--max-time', '2', `${this.url}/healthz`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).includes('ok');
    });
    return this;
  }
  stop(signal) { return this.program?.stop(signal); }
  addUser(name = 'admin') {
    const password = randomBytes(12).toString('base64url');
    const [program, ...rest] = this.words('user', 'add', name, '--role', 'administrator', '--password-stdin');
    execFileSync(program, rest, { input: `${password}\n`, timeout: 20_000 });
    return { user: name, password };
  }
  token() { return this.run('token', 'create').trim().split(/\s+/).at(-1); }
  pin() { return this.run('pin').trim().split(/\s+/).at(-1); }
}

/** vedette-agent in the namespace "host", which is 192.0.2.2 to the collector. */
export class Agent {
  constructor({ name = 'agent', namespace = hostNamespace } = {}) { Object.assign(this, { name, namespace, state: path.join(work, `${name}-state`) }); }
  /** Asynchronous, because the collector may be reached through a relay in this very process. */
  async enrol(collector, { url = collector.url } = {}) {
    await execFilePromise('ip', ['netns', 'exec', this.namespace, `${binaries}/vedette-agent`, 'enroll', url, '--token', collector.token(), '--ca-pin', collector.pin(),
      '--state', this.state], { timeout: 20_000 });
    return this;
  }
  start() {
    this.program = new Program(this.name, [`${binaries}/vedette-agent`, 'run', '--state', this.state], { namespace: this.namespace });
    return this;
  }
  stop(signal) { return this.program?.stop(signal); }
}

/** The link between the two namespaces. */
export const link = {
  cut: () => execFileSync('ip', ['link', 'set', 'veth0', 'down']),
  mend: () => execFileSync('ip', ['link', 'set', 'veth0', 'up']),
  /** Drops packets without either end noticing: what a broken switch does. */
  drop: () => execFileSync('nft', ['-f', '-'], { input: 'table inet vedette_cut { chain in { type filter hook input priority 0; iifname "veth0" drop; }; chain out { type filter hook output priority 0; oifname "veth0" drop; }; }' }),
  undrop: () => execFileSync('nft', ['delete', 'table', 'inet', 'vedette_cut']),
};

/** REST as the logged-in person, beside the browser. */
export class Client {
  constructor(collector) { Object.assign(this, { url: collector.url, jar: path.join(work, `jar-${randomBytes(6).toString('hex')}`) }); }
  ask(method, target, body) {
    const words = ['-sSk', '--fail-with-body', '--max-time', '10', '-X', method, '-b', this.jar, '-c', this.jar, '-H', 'X-Requested-With: vedette', '-H', `Origin: ${this.url}`];
    if (body) words.push('-H', 'Content-Type: application/json', '-d', JSON.stringify(body));
    const answer = execFileSync('curl', [...words, this.url + target], { encoding: 'utf8' });
    return answer ? JSON.parse(answer) : null;
  }
  login(who) { this.ask('POST', '/api/v1/session', who); return this; }
  get(target) { return this.ask('GET', target); }
  host() { return this.get('/api/v1/hosts').hosts[0]; }
  untilStatus(status, { seconds = 30, reason = '' } = {}) {
    return until(`status ${status} "${reason}"`, () => { const h = this.host(); if (h?.status === status && h.reason.includes(reason)) return h; throw new Error(JSON.stringify(h)); }, { seconds });
  }
  history(host, series, from, to, step = 0) {
    return this.get(`/api/v1/history?host=${host}&series=${encodeURIComponent(series)}&from=${from}&to=${to}&step=${step}`).series;
  }
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A browser with one page that collects what went wrong on it (console errors, CSP reports). `names`: "MAP name address". */
export async function openBrowser({ width = 1440, height = 900, locale = 'en-GB', colorScheme = 'light', names = '' } = {}) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: names ? [...flags, `--host-resolver-rules=${names}`] : flags });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, locale, colorScheme, timezoneId: 'UTC' });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(String(error)));
  return { browser, context, page, faults };
}

/** A folder for what a person may look at after the run. */
export function picture(name) {
  return path.join(process.env.VEDETTE_PICTURES, `${name}.png`);
}
