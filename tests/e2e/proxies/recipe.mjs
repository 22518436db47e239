// The recipes of docs/proxies as they stand there: a proxy's configuration whose head comment holds the server.toml to it.
// Only paths of files below /etc are replaced, by those that this makes. Everything listens in the test's own namespace.
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Program } from '../browser/world.mjs';

const root = process.env.VEDETTE_ROOT;
export const folder = path.join(root, 'docs/proxies');
const work = fs.mkdtempSync(path.join(process.env.VEDETTE_WORK, 'recipes-'));
export const NAME = 'mon.example.org';
export const PROXY = '192.0.2.1';

const execute = promisify(execFile);
const openssl = (...words) => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });
const at = (name) => path.join(work, name);

/** Runs a command to its end: {stdout, stderr}. `options` are execFile's. */
export const run = ([program, ...words], options) => execute(program, words, options);

/** The proxy's certificate for NAME, signed by a CA that nobody else knows. */
export const ca = at('ca.crt');
openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test', '-keyout', at('ca.key'), '-out', ca);
openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${NAME}`, '-keyout', at('own.key'), '-out', at('own.csr'));
fs.writeFileSync(at('names'), `subjectAltName=DNS:${NAME}`);
openssl('x509', '-req', '-days', '2', '-in', at('own.csr'), '-CA', ca, '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names'), '-out', at('own.crt'));
const chain = fs.readFileSync(at('own.crt'), 'utf8') + fs.readFileSync(ca, 'utf8');
fs.writeFileSync(at('chain.crt'), chain);
fs.writeFileSync(at('all.pem'), chain + fs.readFileSync(at('own.key'), 'utf8'));
fs.writeFileSync(at('hosts'), `127.0.0.1 localhost\n${PROXY} ${NAME}\n`);

/** What `--ca-pin` wants of a CA that isn't the collector's, made as docs/proxies.md says. */
export function pinOf(certificate) {
  const command = /^ +(openssl x509 .*)$/m.exec(fs.readFileSync(path.join(root, 'docs/proxies.md'), 'utf8'))[1];
  return execFileSync('sh', ['-c', command.replace('ca.crt', certificate)], { encoding: 'utf8' }).trim();
}

/** Runs `command` in the other namespace, where NAME is the proxy. The process is the command itself. */
export const outside = (...command) => ['ip', 'netns', 'exec', process.env.VEDETTE_HOST, 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', at('hosts'), ...command];

/** Runs `command` there to its end, as run() does here. */
export const runOutside = (command, options) => run(outside(...command), options);

const files = (collector) => ({
  [`/etc/ssl/${NAME}.crt`]: at('chain.crt'), [`/etc/ssl/${NAME}.key`]: at('own.key'), [`/etc/haproxy/${NAME}.pem`]: at('all.pem'),
  '/etc/nginx/vedette-ca.crt': path.join(collector.data, 'tls/ca.crt'), '/etc/haproxy/vedette-ca.crt': path.join(collector.data, 'tls/ca.crt'),
  '/etc/caddy/vedette-ca.crt': path.join(collector.data, 'tls/ca.crt'),
});

export class Recipe {
  constructor(file) {
    this.file = file;
    this.text = fs.readFileSync(path.join(folder, file), 'utf8');
    this.toml = [...this.text.matchAll(/^# {5}(.*)$/gm)].map(([, line]) => `${line}\n`).join('');
    this.publicUrl = /public_url = "(.*)"/.exec(this.toml)[1];
    this.prefix = new URL(this.publicUrl).pathname.replace(/\/$/, '');
    this.plain = this.toml.includes('at_proxy = true');
    this.passThrough = file.includes('-tcp');
  }
  /** Only comments name the files that aren't this one. */
  configuration(collector) {
    const known = files(collector);
    return this.text.replace(/^#.*\n/gm, '').replace(/\/etc\/[\w./-]+/g, (name) => {
      if (!known[name]) throw new Error(`${this.file} names ${name}, which no test makes`);
      return known[name];
    });
  }
}

const nginxConfiguration = (recipe, text) => {
  const place = (name) => `${work}/nginx-${name}`;
  const http = `http { access_log off; client_body_temp_path ${place('body')}; proxy_temp_path ${place('proxy')}; fastcgi_temp_path ${place('fastcgi')}; uwsgi_temp_path ${place('uwsgi')}; scgi_temp_path ${place('scgi')};\n${text}\n}`;
  const module = `load_module ${root}/.tools/libnginx-mod-stream/usr/lib/nginx/modules/ngx_stream_module.so;`;
  return `${recipe.passThrough ? module : ''} user root; daemon off; worker_processes 1; pid ${place('pid')}; error_log ${place('error.log')};\nevents { worker_connections 256; }\n${recipe.passThrough ? text : http}`;
};

const caddy = `${root}/.tools/caddy/usr/bin/caddy`;
const kinds = {
  nginx: {
    configuration: nginxConfiguration,
    command: (file) => [`${root}/.tools/nginx/usr/sbin/nginx`, '-p', work, '-e', `${work}/nginx-error.log`, '-c', file],
    reload: (program) => program.signal('SIGHUP'),
    log: () => fs.readFileSync(`${work}/nginx-error.log`, 'utf8'),
  },
  haproxy: {
    configuration: (_, text) => `global\n  maxconn 256\n${text}`, // or it takes all the open files there may be
    command: (file) => [`${root}/.tools/haproxy/usr/sbin/haproxy`, '-W', '-f', file],
    reload: (program) => program.signal('SIGUSR2'),
    log: () => '',
  },
  caddy: {
    configuration: (_, text) => text,
    command: (file) => ['env', `HOME=${work}`, caddy, 'run', '--config', file, '--adapter', 'caddyfile'],
    reload: (_, file) => execFileSync(caddy, ['reload', '--force', '--config', file, '--adapter', 'caddyfile'], { stdio: 'pipe', timeout: 20_000 }),
    log: () => '',
  },
};

/** A real nginx, haproxy or Caddy that runs a recipe. */
export class Proxy {
  constructor(recipe, collector, change) {
    this.kind = kinds[recipe.file.split(/[-.]/)[0]];
    this.name = recipe.file;
    this.config = at(recipe.file);
    fs.writeFileSync(this.config, this.kind.configuration(recipe, change(recipe.configuration(collector))));
  }
  start() {
    this.program = new Program(this.name, this.kind.command(this.config));
    return this;
  }
  reload() { this.kind.reload(this.program, this.config); }
  stop() { return this.program?.stop(); }
  text() { return this.program.text() + this.kind.log(); }
}
