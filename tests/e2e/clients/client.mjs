// A viewer over npm's `ws`. What every client here does, and prints, is said in clients.test.mjs.
//   client.mjs URL CA USER PASSWORD deflate|plain
import fs from 'node:fs';
import https from 'node:https';
import WebSocket from 'ws';

const [url, caFile, user, password, compression] = process.argv.slice(2), ca = fs.readFileSync(caFile);
const say = (what) => console.log(JSON.stringify(what));

const cookie = await new Promise((resolve, reject) => {
  const request = https.request(`${url}/api/v1/session`, { method: 'POST', ca, headers: { Origin: url, 'X-Requested-With': 'vedette' } }, (answer) => resolve(answer.headers['set-cookie'][0].split(';')[0]));
  request.on('error', reject).end(JSON.stringify({ user, password }));
});

/** A connection whose messages are awaited one by one. */
async function connect() {
  const socket = new WebSocket(`${url.replace('https:', 'wss:')}/api/v1/live`, 'vedette.live.v1', { ca, origin: url, headers: { Cookie: cookie }, perMessageDeflate: compression === 'deflate' });
  const messages = [];
  let wake = () => undefined;
  socket.on('message', (text) => { messages.push(JSON.parse(text)); wake(); });
  const ended = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const receive = async (type = '') => {
    for (;;) {
      if (messages.length === 0) await new Promise((resolve) => { wake = resolve; });
      const message = messages.shift();
      if (message && (!type || message.type === type)) return message;
    }
  };
  return { socket, receive, ended };
}

const { socket, receive, ended } = await connect();
say({ subprotocol: socket.protocol, compressed: socket.extensions.includes('permessage-deflate') });
socket.send('{"op":"subsc', { fin: false });
socket.send('ribe","to', { fin: false });
socket.send('pics":["fleet"]}', { fin: true });
const snapshot = await receive();
say({ first: snapshot.type, topic: snapshot.topic, rows: snapshot.rows.length });
say({ then: (await receive('delta')).topic });
const pong = new Promise((resolve) => socket.on('pong', (data) => resolve(String(data) === 'are you there')));
socket.ping('are you there');
say({ pong: await pong });
socket.send('{"op":"dance"}');
say({ error: (await receive('error')).message });
const other = await connect();
other.socket.close(1000, 'enough');
say({ closed: (await other.ended).code });
say({ waiting: true });
const { code, reason } = await ended;
say({ ended: code, reason });
