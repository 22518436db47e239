// Rules, alerts and mail, end to end with a real SMTP server. Issue 3, items 8 and 9. With VEDETTE_STATED_TIMES set, with
// the default hold and the rule's 60 s (./dev soak alerts); without, with shorter ones.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { hostPage, login } from './pages.mjs';
import { Agent, Client, Collector, Program, openBrowser, picture, until } from './world.mjs';

const work = process.env.VEDETTE_WORK, mails = path.join(work, 'mails');
const stated = Boolean(process.env.VEDETTE_STATED_TIMES);
const hold = stated ? 60 : 6, lasting = stated ? 60 : 10; // seconds
const certificate = path.join(work, 'mail.crt'), key = path.join(work, 'mail.key');
let collector, agent, client, browser, page, who, smtp;

const startMail = async () => {
  smtp = new Program('mail', ['/usr/bin/python3', path.join(process.env.VEDETTE_ROOT, 'tests/e2e/peers/mail.py'), '192.0.2.1:2525', mails, certificate, key]);
  await until('the mail server is ready', () => smtp.text().includes('ready'));
};
/** Messages about a rule so far, oldest first: {subject, id, body}. Others may come: the machine may be busy of itself. */
const inbox = (rule = 'host-down') => (fs.existsSync(mails) ? fs.readdirSync(mails).filter((name) => !name.startsWith('.')).sort() : []).map((name) => {
  const text = fs.readFileSync(path.join(mails, name), 'utf8'), header = (h) => text.match(new RegExp(`^${h}: (.*(?:\r\n[ \t].*)*)`, 'mi'))?.[1].replace(/\r\n[ \t]/g, ' ');
  return { subject: header('Subject'), id: header('Message-ID'), body: text.slice(text.indexOf('\r\n\r\n')) };
}).filter(({ body }) => body.includes(`Rule: ${rule} `));
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

before(async () => {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail',
    '-addext', 'subjectAltName=IP:192.0.2.1', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  await startMail();
  collector = await new Collector({ config: `
[server]
public_url = "https://192.0.2.1:8443"
${stated ? '' : `[notify]\nhold = "${hold}s"`}
[[receiver]]
name = "ops"
type = "email"
server = "smtp://192.0.2.1:2525"
starttls = "required"
ca_file = "${certificate}"
from = "vedette@example.org"
to = ["ops@example.org"]
[[rule]]
name = "cpu-saturated"
series = "system.cpu.utilization{cpu=*}"
above = 0.9
for = "${lasting}s"
recover = 0.8
severity = "warning"
` }).start();
  agent = (await new Agent().enrol(collector)).start();
  who = collector.addUser();
  client = new Client(collector).login(who);
  await client.untilStatus('up');
  ({ browser, page } = await openBrowser());
  await login(page, collector.url, who);
});

after(async () => {
  await browser?.close();
  await agent?.stop('SIGKILL');
  await collector?.stop();
  await smtp?.stop();
});

test('"receivers test" prints the other side\'s answer', () => {
  assert.match(collector.run('receivers', 'test', 'ops'), /250 2\.0\.0 OK kept/);
  assert.equal(inbox('test').length, 1);
});

test('an outage shorter than the hold: no mail, a note on the timeline', async () => {
  const before = inbox().length, from = Date.now() / 1000;
  await agent.stop('SIGKILL');
  await client.untilStatus('lost');
  agent.start();
  const host = await client.untilStatus('up');
  await pause(hold + 2); // nothing may come, so time itself has to pass
  assert.equal(inbox().length, before);
  const { outages } = client.get(`/api/v1/hosts/${host.id}/outages?from=${from - 5}&to=${Date.now() / 1000 + 5}`);
  assert.equal(outages.at(-1).notified, false);
  assert.match(outages.at(-1).reason, /connection ended without goodbye/);
});

test('agent killed and back after the hold: one firing and one resolved mail, with the verdict\'s words and a link', async () => {
  const before = inbox().length, host = client.host();
  await agent.stop('SIGKILL');
  await until('the firing mail', () => inbox().length === before + 1, { seconds: hold + 15 });
  await page.goto(`${collector.url}/alerts`);
  await page.getByText(/connection ended without goodbye/i).first().waitFor();
  await until('the title counts it', async () => /^\(1\)/.test(await page.title()));
  await page.screenshot({ path: picture('alerts-firing') });
  agent.start();
  await until('the resolved mail', () => inbox().length === before + 2, { seconds: 20 });
  const [firing, resolved] = inbox().slice(before);
  assert.match(firing.subject, new RegExp(`firing.*${host.name}`, 'i'));
  assert.match(firing.body.replace(/\s+/g, ' '), /connection ended without goodbye: agent killed, or something between cut it/);
  assert.ok(firing.body.includes(`https://192.0.2.1:8443/hosts/${host.id}`), firing.body);
  assert.match(resolved.subject, /resolved/i);
  assert.notEqual(firing.id, resolved.id);
  await until('the title forgets it', async () => !/^\(/.test(await page.title()));
});

test('mail server away and collector killed in between: still one firing and one resolved mail', async () => {
  const before = inbox().length;
  await smtp.stop();
  await agent.stop('SIGKILL');
  await client.untilStatus('lost');
  await until('a delivery was tried', () => /192\.0\.2\.1:2525|refused/i.test(collector.program.text()), { seconds: hold + 20 });
  await collector.stop('SIGKILL');
  await collector.start();
  await startMail();
  await until('the firing mail', () => inbox().length > before, { seconds: 70 });
  agent.start();
  await until('the resolved mail', () => inbox().length > before + 1, { seconds: 70 });
  await pause(3);
  const ids = inbox().slice(before).map((mail) => mail.id);
  assert.equal(ids.length, 2, JSON.stringify(inbox().slice(before)));
  assert.equal(new Set(ids).size, 2, JSON.stringify(inbox().slice(before)));
});

test('collector killed between a delivery and its answer: the repeat keeps its Message-ID, the next mail has another', async () => {
  const before = inbox().length;
  await client.untilStatus('up');
  fs.writeFileSync(`${mails}.mute`, 'Rule: host-down ');
  await agent.stop('SIGKILL');
  await until('the mail server has the firing mail', () => inbox().length === before + 1, { seconds: hold + 15 });
  await collector.stop('SIGKILL'); // it still waits for the 250
  fs.unlinkSync(`${mails}.mute`);
  await collector.start();
  await until('the mail comes again', () => inbox().length === before + 2, { seconds: 70 });
  agent.start();
  await until('the resolved mail', () => inbox().length === before + 3, { seconds: 70 });
  const [first, repeat, resolved] = inbox().slice(before);
  assert.match(first.subject, /firing/i);
  assert.equal(repeat.subject, first.subject);
  assert.equal(repeat.body, first.body);
  assert.equal(repeat.id, first.id);
  assert.match(resolved.subject, /resolved/i);
  assert.notEqual(resolved.id, first.id);
  const all = inbox().map((mail) => mail.id);
  assert.equal(new Set(all).size, all.length - 1, 'only the repeat shares its Message-ID');
});

test('a rule from the config: CPU utilisation fires under load and resolves after it', async () => {
  await client.untilStatus('up');
  const alert = (state) => client.get('/api/v1/alerts').alerts.find((a) => a.rule === 'cpu-saturated' && a.state === state && a.attributes.cpu === '0');
  const mailsOfIt = (state) => inbox('cpu-saturated').filter(({ subject, body }) => subject.startsWith(`[${state}]`) && /^cpu: 0\r$/m.test(body));
  await until('nothing else keeps the core busy', () => !alert('pending') && !alert('firing'), { seconds: 60 });
  const mailsBefore = mailsOfIt('firing').length, endsBefore = mailsOfIt('resolved').length;
  const burner = spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }), began = Date.now() / 1000;
  try {
    const { value, reason, since } = await until('the alert fires', () => alert('firing'), { seconds: lasting + 30 });
    assert.ok(value > 0.9 && value <= 1);
    assert.match(reason, new RegExp(`above 90\\.0 % for ${lasting} s`));
    assert.ok(since - began > lasting - 2, `fired ${since - began} s after the load began`);
    assert.equal(mailsOfIt('firing').length, mailsBefore, 'a mail came before the hold was over');
    await until('the firing mail', () => mailsOfIt('firing').length === mailsBefore + 1, { seconds: hold + 15 });
    assert.ok(Date.now() / 1000 - since >= hold, 'the firing mail came before the hold was over');
  } finally {
    burner.kill('SIGKILL');
  }
  const { reason } = await until('it resolves', () => !alert('firing') && alert('resolved'), { seconds: 30 });
  assert.match(reason, /back to .*, below 80\.0 %/);
  await until('the resolved mail', () => mailsOfIt('resolved').length === endsBefore + 1, { seconds: 20 });
});
