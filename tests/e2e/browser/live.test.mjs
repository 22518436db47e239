// The page against the machine itself: figures move, and they are true. Issue 3, items 6 and 7.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { hostPage, login } from './pages.mjs';
import { Agent, Client, Collector, openBrowser, picture, until } from './world.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let collector, agent, client, who, opened;

before(async () => {
  collector = await new Collector().start();
  agent = (await new Agent().enrol(collector)).start();
  who = collector.addUser();
  client = new Client(collector).login(who);
  await client.untilStatus('up');
  opened = await openBrowser();
});

after(async () => {
  await opened?.browser.close();
  await agent?.stop();
  await collector?.stop();
});

/** Busy and counted time of the whole machine (or one core) since boot, in jiffies, read as proc(5) says. */
function processorTime(name = 'cpu') {
  const line = fs.readFileSync('/proc/stat', 'utf8').split('\n').find((l) => l.startsWith(`${name} `));
  const [user, nice, system, idle, iowait, irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number);
  return { all: user + nice + system + idle + iowait + irq + softirq + steal, idle: idle + iowait };
}
const utilisation = (a, b) => 1 - (b.idle - a.idle) / (b.all - a.all);
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
const number = (text) => Number(text.replace(/[^\d.]/g, ''));

test('a wrong password is told under the field, the right one leads to the fleet', async () => {
  const { page } = opened;
  await page.goto(collector.url);
  await page.getByLabel(/^User$/).fill('admin');
  await page.getByLabel(/^Password$/).fill('not the password');
  await page.getByRole('button', { name: /^Sign in$/ }).click();
  await page.locator('#login-error').waitFor();
  await page.screenshot({ path: picture('login-error') });
  await login(page, collector.url, who);
  await page.getByTestId('host-row').first().waitFor();
  await page.screenshot({ path: picture('fleet') });
});

test('values change within 2 s', async () => {
  const { page } = opened;
  await hostPage(page, collector.url, client.host());
  await page.getByTestId('value-cpu').waitFor();
  await page.evaluate(() => {
    window.changes = [performance.now()];
    new MutationObserver(() => window.changes.push(performance.now())).observe(document.querySelector('[data-testid=values]'), { subtree: true, childList: true, characterData: true });
  });
  // On a machine whose processor is all busy, two readings may be alike: memory grows in each.
  const taken = [], taking = setInterval(() => taken.push(Buffer.alloc(32 << 20, 1)), 400);
  await until('ten changes', () => page.evaluate(() => window.changes.length > 10)).finally(() => clearInterval(taking));
  const gaps = await page.evaluate(() => window.changes.slice(1).map((at, i) => at - window.changes[i]));
  assert.ok(Math.max(...gaps) <= 2_000, gaps.join(' '));
});

test('under a known load the mean equals an independent reader within 2 points, memory within 1', async () => {
  const { page } = opened, host = client.host();
  const burner = spawn('taskset', ['-c', '1', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
  try {
    await pause(1_500); // the load itself has to be there first
    const began = Date.now() / 1000, total = processorTime(), core = processorTime('cpu1'), shown = [], memory = [];
    for (let second = 0; second < 30; second++) {
      await pause(1_000);
      shown.push(number(await page.getByTestId('value-cpu').innerText()));
      const info = Object.fromEntries([...fs.readFileSync('/proc/meminfo', 'utf8').matchAll(/^(\w+):\s+(\d+)/gm)].map((m) => [m[1], Number(m[2])]));
      memory.push([number(await page.getByTestId('value-memory').innerText()), 100 * (1 - info.MemAvailable / info.MemTotal)]);
    }
    const ended = Date.now() / 1000, expected = utilisation(total, processorTime()), expectedCore = utilisation(core, processorTime('cpu1'));
    const page_ = mean(shown) / 100;
    assert.ok(Math.abs(page_ - expected) < 0.02, `page ${page_}, reader ${expected}`);
    const stored = (name) => mean(client.history(host.id, name, began + 1, ended)[0].value);
    assert.ok(Math.abs(stored('system.cpu.utilization{}') - expected) < 0.02, `history ${stored('system.cpu.utilization{}')}, reader ${expected}`);
    assert.ok(Math.abs(stored('system.cpu.utilization{cpu=1}') - expectedCore) < 0.02, `core ${stored('system.cpu.utilization{cpu=1}')}, reader ${expectedCore}`);
    assert.ok(expectedCore > 0.95, 'the load was there');
    // What the page shows is up to 2 s old: it lies within 1 of what the reader saw in that time, however fast that moved.
    for (const [at, [on_page]] of memory.entries()) {
      const seen = memory.slice(Math.max(0, at - 2), at + 1).map(([, reader]) => reader);
      assert.ok(on_page > Math.min(...seen) - 1 && on_page < Math.max(...seen) + 1, `memory: page ${on_page}, reader ${seen}`);
    }
    await page.screenshot({ path: picture('host') });
  } finally {
    burner.kill('SIGKILL');
  }
});

/** What a chart tells of each of its points of the last `seconds`, read as a person would, with the pointer along it:
    [{at: "14:02:18", figures: {user: 1.2, …}}], oldest first. */
function pointed(page, chart, range, seconds) {
  return page.evaluate(async ([chart, share]) => {
    const card = document.querySelector(`[data-testid=${chart}]`), over = card.querySelector('.u-over'), box = over.getBoundingClientRect();
    const points = [];
    for (let x = box.width * (1 - share); x < box.width; x += 0.25) {
      over.dispatchEvent(new MouseEvent('mousemove', { clientX: box.left + x, clientY: box.top + 5, bubbles: true }));
      await Promise.resolve(); // the page writes its figures in a microtask
      const at = card.querySelector('[data-testid=read-out]').textContent;
      const figures = Object.fromEntries([...card.querySelectorAll('[data-series]')].map((figure) => [figure.dataset.series, parseFloat(figure.textContent)]));
      if (points.at(-1)?.at !== at) points.push({ at, figures });
    }
    return points;
  }, [chart, seconds / range]);
}

/** Seconds of the day of "14:02:18". */
const second = (text) => text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);

test('history joins live without gap or double: every second once in history, and the page draws just those', async () => {
  const { page } = opened, host = client.host(), range = 900, ahead = 12, behind = 12;
  await until('there is history to join', () => client.history(host.id, 'system.cpu.load_average.1m', Date.now() / 1000 - ahead, Date.now() / 1000 + 60)[0]?.t.length >= ahead - 1);
  await hostPage(page, collector.url, host); // what was before now comes from history, what comes after it is live
  await page.locator('[data-testid=chart-cpu][data-drawn=true]').waitFor();
  const joined = Date.now() / 1000;
  await until('live ticks follow', () => client.host().last_tick > joined + behind, { seconds: behind + 10 });
  await page.getByTestId('live').click(); // the charts stand still
  const points = await pointed(page, 'chart-cpu', range, ahead + behind + 4);
  const [load] = client.history(host.id, 'system.cpu.load_average.1m', joined - ahead, joined + behind);
  const steps = load.t.slice(1).map((at, i) => Math.round((at - load.t[i]) * 1000));
  assert.ok(steps.every((ms) => ms > 500 && ms < 1_500), steps.join(' '));

  // The chart's points are means over its step; one tick too few or too many in a point moves it.
  const step = second(points[1].at) - second(points[0].at), raw = client.history(host.id, 'system.cpu.time{mode=*}', joined - ahead - 60, joined + behind + 60);
  const busy = (at, modes) => {
    const means = raw.map(({ attributes, t, value }) => [attributes.mode, mean(value.filter((_, i) => t[i] >= at && t[i] < at + step))]);
    return 100 * means.reduce((sum, [mode, x]) => sum + (modes.includes(mode) ? x : 0), 0) / means.reduce((sum, [, x]) => sum + x, 0);
  };
  const midnight = Math.floor(joined / 86_400) * 86_400, within = points.filter(({ at }) => midnight + second(at) >= joined - ahead && midnight + second(at) + step <= joined + behind);
  assert.ok(within.length >= (ahead + behind) / step - 2, `${within.length} points of ${step} s`);
  within.forEach(({ at, figures }, i) => {
    if (i > 0) assert.equal(second(at) - second(within[i - 1].at), step, `after ${within[i - 1].at} comes ${at}`);
    const expected = { user: busy(midnight + second(at), ['user', 'nice']), system: busy(midnight + second(at), ['system', 'interrupt', 'softirq']) };
    for (const name of Object.keys(expected)) assert.ok(Math.abs(figures[name] - expected[name]) < 0.06, `${at} ${name}: page ${figures[name]}, history ${expected[name]}`);
  });
});

test('nothing for axe to find, in both themes and languages; pictures of every page', async () => {
  const host = client.host();
  for (const [colorScheme, locale, width] of [['light', 'en-GB', 1440], ['dark', 'en-GB', 1440], ['light', 'ru-RU', 1440], ['dark', 'en-GB', 390]]) {
    const view = await openBrowser({ colorScheme, locale, width, height: width === 390 ? 844 : 900 });
    const { page } = view;
    await page.context().addCookies(await opened.context.cookies());
    for (const [name, target, ready] of [['fleet', '/', 'host-row'], ['host', `/hosts/${host.id}`, 'chart-cpu'], ['alerts', '/alerts', null]]) {
      await page.goto(collector.url + target);
      if (ready) await page.getByTestId(ready).first().waitFor(); else await page.getByRole('heading', { level: 1 }).first().waitFor();
      await until('the page is connected', async () => (await page.getByTestId('connection').first().getAttribute('data-state')) === 'open');
      if (ready === 'chart-cpu') await page.locator('[data-testid=chart-cpu][data-drawn=true]').waitFor();
      await page.screenshot({ path: picture(`${name}-${colorScheme}-${locale}-${width}`) });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${name} scrolls sideways`);
      // Playwright's own world isn't bound by the page's policy, so axe can be brought in without weakening it.
      const violations = await page.evaluate(`(async () => { const module = { exports: {} }; ${axe}; const r = await (module.exports.run ? module.exports : window.axe).run(document, { resultTypes: ['violations'] }); return r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).slice(0, 3).join(' | ')); })()`);
      assert.deepEqual(violations, [], `${name} ${colorScheme} ${locale}`);
    }
    assert.deepEqual(view.faults, [], `${colorScheme} ${locale}`);
    await view.browser.close();
  }
});

test('signing out ends the live connection with 4401 and leads to the login', async () => {
  const { page, faults } = opened;
  await page.getByTestId('account').first().click();
  await page.getByTestId('sign-out').first().click();
  await page.getByRole('button', { name: /^Sign in$/ }).waitFor();
  assert.deepEqual(faults.filter((f) => !/401/.test(f)), []);
});
