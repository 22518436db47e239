// Where TLS ends at the proxy, whoever comes past it speaks in the clear, and isn't heard; nor is what others than proxies say of
// themselves believed. Issue 4, item 5.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Collector } from '../browser/world.mjs';
import { PROXY, Recipe, runOutside } from './recipe.mjs';

const CLIENT = '192\\.0\\.2\\.2';

/** A recipe's collector, but reachable from elsewhere. */
const open = (name, file) => new Collector({ name, listen: '0.0.0.0:8443', config: new Recipe(file).toml.replace('127.0.0.1:8443', '0.0.0.0:8443') });
/** curl at the other machine. */
const curl = (...words) => runOutside(['curl', '-sSk', '--max-time', '10', ...words]);

test('with tls.at_proxy nobody but the proxy is heard', async () => {
  const collector = open('open', 'nginx-plain.conf');
  collector.url = 'http://127.0.0.1:8443';
  await collector.start();
  try {
    await assert.rejects(curl('-H', 'X-Forwarded-For: 127.0.0.1', `http://${PROXY}:8443/healthz`), /Empty reply|reset by peer/);
    assert.match(collector.program.text(), new RegExp(`a connection past the proxy was closed unread.*peer=${CLIENT}:`));
  } finally {
    await collector.stop();
  }
});

test('an address that is no trusted proxy is not believed', async () => {
  const collector = await open('open-tls', 'nginx-tls.conf').start();
  try {
    const who = collector.addUser();
    const answer = await curl('-H', 'X-Forwarded-For: 203.0.113.7', '-H', 'X-Requested-With: vedette', '-H', `Origin: https://${PROXY}:8443`,
      '-H', 'X-Forwarded-Host: evil.example', '-d', JSON.stringify(who), `https://${PROXY}:8443/api/v1/session`);
    assert.match(answer.stdout, /"role":"administrator"/);
    assert.match(collector.program.text(), new RegExp(`signed in.*peer=${CLIENT}:`));
  } finally {
    await collector.stop();
  }
});
