// A plain TCP relay that a test can cut: its connections end without goodbye and new ones are refused until it is mended.
import net from 'node:net';

export class TcpRelay {
  #sockets = new Set();

  constructor(listen, target) { Object.assign(this, { listen, target, url: `https://${listen}` }); }

  async mend() {
    const [host, port] = this.listen.split(':'), [targetHost, targetPort] = this.target.split(':');
    this.server = net.createServer((near) => {
      const far = net.connect(Number(targetPort), targetHost);
      for (const [socket, other] of [[near, far], [far, near]]) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => { this.#sockets.delete(socket); other.destroy(); });
      }
    });
    await new Promise((resolve, reject) => this.server.on('error', reject).listen(Number(port), host, resolve));
    return this;
  }

  cut() {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
