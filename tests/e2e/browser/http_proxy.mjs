// A reverse proxy as they stand between browsers and collectors: HTTP requests are forwarded one by one, over TLS with the
// collector's own certificate. A test can forbid WebSockets, or hold streams back until they are complete, as proxies do.
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

export class HttpProxy {
  websockets = true;
  holdsStreams = false;
  /** Requests under way, as "GET /path?query". */
  open = new Set();
  /** All requests so far. */
  seen = [];
  #sockets = new Set();

  constructor(collector, listen) { Object.assign(this, { collector, listen, url: `https://${listen}` }); }

  async start() {
    const [host, port] = this.listen.split(':'), [targetHost, targetPort] = this.collector.listen.split(':');
    const read = (name) => fs.readFileSync(path.join(this.collector.data, 'tls', name));
    const target = (request) => ({ host: targetHost, port: Number(targetPort), method: request.method, path: request.url, headers: request.headers, rejectUnauthorized: false, agent: false });
    this.server = https.createServer({ cert: read('server.crt'), key: read('server.key') }, (request, response) => {
      const name = { text: `${request.method} ${request.url}` };
      this.open.add(name);
      this.seen.push(name.text);
      response.on('close', () => this.open.delete(name));
      const forward = https.request(target(request), (answer) => {
        if (!this.holdsStreams || answer.headers['content-type'] !== 'text/event-stream') {
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
        }
        // else: what comes is kept until the end, which never comes
        answer.on('error', () => response.destroy());
        response.on('close', () => answer.destroy());
      });
      forward.on('error', () => response.destroy());
      response.on('close', () => forward.destroy());
      request.pipe(forward);
    });
    this.server.on('upgrade', (request, near, head) => {
      this.seen.push(`UPGRADE ${request.url}`);
      near.on('error', () => undefined);
      if (!this.websockets) {
        near.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      const forward = https.request(target(request));
      forward.on('upgrade', (answer, far, rest) => {
        const lines = Object.entries(answer.headers).map(([key, value]) => `${key}: ${value}\r\n`).join('');
        near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`);
        near.write(rest);
        far.write(head);
        near.pipe(far).pipe(near);
        far.on('error', () => near.destroy());
        near.on('close', () => far.destroy());
        far.on('close', () => near.destroy());
      });
      forward.on('response', () => near.destroy());
      forward.on('error', () => near.destroy());
      forward.end();
    });
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise((resolve, reject) => this.server.on('error', reject).listen(Number(port), host, resolve));
    return this;
  }

  /** Ends what is open; new connections are taken. */
  cut() { for (const socket of this.#sockets) socket.destroy(); }
  stop() { this.cut(); this.server.close(); }
  streams() { return [...this.open].filter(({ text }) => text.includes('/live/events')).length; }
}
