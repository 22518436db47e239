// A stand-in for the collector, for developing and testing the page: made-up hosts, the real REST answers, the real live
// protocol, the real security headers. Serves ../dist.   node mock/collector.mjs [--port N] [--hosts N] [--empty] [--setup]
// It listens on loopback, plain HTTP. GET /mock/{kill,stop,freeze,back}?host=NAME, /mock/{drop,logout} steer it.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { World } from './world.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? fallback : process.argv[i + 1];
};
const world = new World(process.argv.includes('--empty') ? 0 : Number(option('hosts', 20)));
const dist = new URL('../dist/', import.meta.url).pathname;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const logins = new Set(['test']);
const loggedIn = (request) => logins.has(/(?:^|; )sid=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]);

const send = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};
const problem = (response, status, detail, more = {}) =>
  send(response, status, { type: 'about:blank', title: detail, status, detail, ...more }, { 'Content-Type': 'application/problem+json' });

async function session(request, response) {
  if (request.method === 'POST') {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { user, password } = JSON.parse(text);
    if (password !== 'correct horse') return problem(response, 401, 'user or password is wrong');
    const sid = randomBytes(8).toString('hex');
    logins.add(sid);
    return send(response, 200, { user, role: 'administrator' }, { 'Set-Cookie': `sid=${sid}; HttpOnly; SameSite=Strict; Path=/` });
  }
  if (!loggedIn(request)) {
    const setup = process.argv.includes('--setup') ? { setup: 'vedette-server user add admin --role administrator --password-stdin --data /var/lib/vedette' } : {};
    return problem(response, 401, 'sign in first', setup);
  }
  if (request.method === 'DELETE') {
    logins.delete(/sid=([^;]+)/.exec(request.headers.cookie)?.[1]);
    for (const viewer of viewers) viewer.close(4401, 'signed out');
    return send(response, 204, undefined);
  }
  return send(response, 200, { user: 'mara', role: 'administrator' });
}

function file(request, response, path) {
  let name = normalize(path).replace(/^\/+/, '');
  let body;
  try {
    if (name === '' || !extname(name)) name = 'index.html';
    body = readFileSync(join(dist, name));
    if (name === 'index.html') body = body.toString().replaceAll('="./', '="/'); // as the collector does, without a base path
  } catch {
    return problem(response, 404, 'no such file');
  }
  response.writeHead(200, {
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer', 'Cross-Origin-Opener-Policy': 'same-origin', 'Cache-Control': name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
  });
  response.end(body);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const path = url.pathname;
  if (path.startsWith('/mock/')) {
    steer(path.slice(6), url.searchParams.get('host'));
    return send(response, 200, {});
  }
  if (!path.startsWith('/api/')) return file(request, response, path);
  if (path === '/api/v1/session') return void session(request, response);
  if (!loggedIn(request)) return problem(response, 401, 'sign in first');
  if (path === '/api/v1/history') return send(response, 200, world.history(url.searchParams));
  if (path === '/api/v1/alerts') return send(response, 200, { alerts: world.alertRecords() });
  if (path === '/api/v1/hosts') return send(response, 200, { hosts: world.hosts.map((h) => h.public()) });
  const [, id, rest] = /^\/api\/v1\/hosts\/([0-9a-f]{32})(?:\/(\w+))?$/.exec(path) ?? [];
  const host = world.hosts.find((h) => h.id === id);
  if (!host) return problem(response, 404, 'no such host');
  if (rest === 'outages') return send(response, 200, { outages: host.outages });
  if (rest === 'processes') return send(response, 200, { processes: host.processes(Number(url.searchParams.get('from')), Number(url.searchParams.get('to'))) });
  if (rest === 'happenings') return send(response, 200, { happenings: host.happenings });
  return send(response, 200, { ...host.public(), facts: host.facts() });
});

// --- live
const run = randomBytes(4).toString('hex');
let number = 0;
const viewers = new Set();
const cursor = () => `${run}-${number}`;
const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'vedette.live.v1' });
server.on('upgrade', (request, socket, head) => {
  if (!loggedIn(request)) return socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
  sockets.handleUpgrade(request, socket, head, (viewer) => {
    viewers.add(viewer);
    viewer.topics = new Set();
    viewer.on('close', () => viewers.delete(viewer));
    viewer.on('message', (text) => {
      const { op, topics } = JSON.parse(text);
      for (const topic of topics) {
        if (op === 'unsubscribe') viewer.topics.delete(topic);
        else {
          viewer.topics.add(topic);
          const { header, rows } = world.snapshot(topic);
          viewer.send(JSON.stringify({ type: 'snapshot', topic, cursor: cursor(), header, rows }));
        }
      }
    });
  });
});
const publish = (topic, rows) => {
  number += 1;
  const text = JSON.stringify({ type: 'delta', topic, cursor: cursor(), rows });
  for (const viewer of viewers) if (viewer.topics.has(topic)) viewer.send(text);
};
setInterval(() => {
  for (const viewer of viewers) viewer.send(JSON.stringify({ type: 'beat', cursor: cursor() }));
}, 5000);
setTimeout(function tick() {
  setTimeout(tick, 1000 - (Date.now() % 1000));
  world.tick();
  publish('fleet', world.fleetRows());
  for (const host of world.hosts) if (host.status === 'up') publish(`host/${host.id}`, [host.row()]);
}, 1000 - (Date.now() % 1000));

function steer(what, name) {
  if (what === 'drop') for (const viewer of viewers) viewer.terminate();
  else if (what === 'logout') {
    logins.clear();
    for (const viewer of viewers) viewer.close(4401, 'login ended');
  } else {
    world.hosts.find((h) => h.name === name)?.become({ kill: 'lost', stop: 'stopped', freeze: 'unresponsive', back: 'up' }[what] ?? 'up');
    publish('fleet', world.fleetRows());
    publish('alerts', world.snapshot('alerts').rows);
  }
}

server.listen(Number(option('port', 8080)), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
