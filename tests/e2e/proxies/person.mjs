// A person or script at another machine (192.0.2.2) that reaches the collector by its public URL only.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { outside, run } from './recipe.mjs';

export class Person {
  constructor(url, ca, { here = false } = {}) {
    Object.assign(this, { url, ca, jar: path.join(process.env.VEDETTE_WORK, `jar-${randomBytes(6).toString('hex')}`) });
    // From the proxy's own machine the name isn't known; that is another client to the collector.
    this.place = here ? (words) => [...words, '--resolve', 'mon.example.org:443:192.0.2.1'] : (words) => outside(...words);
  }
  #words(target, { method = 'GET', body, headers = {} } = {}) {
    const words = ['curl', '-sS', '--cacert', this.ca, '-X', method, '-b', this.jar, '-c', this.jar];
    const all = { 'X-Requested-With': 'vedette', Origin: new URL(this.url).origin, ...headers };
    for (const [name, value] of Object.entries(all)) words.push('-H', `${name}: ${value}`);
    if (body) words.push('-H', 'Content-Type: application/json', '-d', JSON.stringify(body));
    return [...words, this.url + target];
  }
  /** {status, headers, body, url} of a request; redirects are followed. */
  async ask(target, request = {}) {
    const command = this.place([...this.#words(target, request), '--max-time', '30', '-L', '-i', '-w', '\n%{url_effective}']);
    const { stdout } = await run(command, { encoding: 'buffer', maxBuffer: 1 << 24, timeout: 40_000 });
    let text = stdout.toString('latin1'), head;
    do {
      const end = text.indexOf('\r\n\r\n');
      head = text.slice(0, end);
      text = text.slice(end + 4);
    } while (/^HTTP\/[\d.]+ (100|3\d\d)/.test(head) && !/ 304/.test(head.split('\r\n')[0]));
    const [line, ...lines] = head.split('\r\n'), cut = text.lastIndexOf('\n');
    const headers = Object.fromEntries(lines.map((one) => [one.slice(0, one.indexOf(':')).toLowerCase(), one.slice(one.indexOf(':') + 1).trim()]));
    return { status: Number(line.split(' ')[1]), headers, body: text.slice(0, cut), url: text.slice(cut + 1) };
  }
  async json(target, request) {
    const { status, body } = await this.ask(target, request);
    if (status !== 200) throw new Error(`${target}: ${status} ${body}`);
    return JSON.parse(body);
  }
  login(who, headers = {}) { return this.ask('/api/v1/session', { method: 'POST', body: who, headers }); }
  async host() { return (await this.json('/api/v1/hosts')).hosts[0]; }
  /** Starts a request whose answer goes on; `each` is called with every piece, as it comes. Returns how to end it. */
  stream(target, each) {
    const [program, ...words] = this.place([...this.#words(target), '-N']);
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8').on('data', each);
    return () => child.kill();
  }
  /** The "Cookie" header of this person's login. */
  cookie() {
    const [, name, value] = /\t([^\t]*sid)\t(.*)$/m.exec(fs.readFileSync(this.jar, 'utf8'));
    return `${name}=${value}`;
  }
}
