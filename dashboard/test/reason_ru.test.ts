import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasonInRussian } from '../src/i18n/reason_ru';

const plain = (words: string): string => reasonInRussian(words).replaceAll('\u00a0', ' ');
/** What is left of English: two Latin letters together, but for names of series, places and attributes. */
const english = (words: string): string[] => plain(words).match(/[A-Za-z]{2,}/g) ?? [];

// A new word of the collector fails here until it has its Russian.
test.each(['fleet/status.cpp', 'fleet/status.h', 'fleet/correction.cpp'])('every word of server/%s is translated', (file) => {
  const source = readFileSync(`../server/${file}`, 'utf8').replace(/^#include.*$/gm, '').replace(/\/\/.*$/gm, '');
  const words = [...source.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => (m[1] ?? '').trim()).filter((text) => /[a-z]{2}/.test(text));
  expect(words.map(english)).toEqual(words.map(() => []));
});

test('verdicts with their status, as alerts say them', () => {
  expect(plain('lost: connection ended without goodbye: agent killed, or something between cut it')).toBe('потерян: соединение оборвалось без прощания: агент убит либо связь оборвана по пути');
  const reasons = ['service stopped', 'upgrading', 'host is shutting down', 'rebooting', 'revoked', 'machine answers, agent is stopped or starved', 'host off, frozen, or network cut', 'agent or path'];
  for (const status of ['new', 'up', 'stopped', 'lost', 'unresponsive', 'rejected', 'unknown']) {
    expect(english(status)).toEqual([]);
    for (const reason of reasons) expect(english(`${status}: ${reason}`), reason).toEqual([]);
  }
  expect(english('stopped: rebooting; the host was revoked')).toEqual([]);
});

test('paths that were lost, as server/fleet/path_watch.cpp says them', () => {
  const source = readFileSync('../server/fleet/path_watch.cpp', 'utf8');
  for (const part of ['"path lost, "', '" hosts: "', '"the proxy "', '" or the network behind it"', '"the network "', '" or the way to it"']) expect(source).toContain(part);
  expect(plain('path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it')).toBe('путь потерян, 3 хоста: прокси 10.0.0.5 или сеть за ним');
  expect(plain('unresponsive: path lost, 21 hosts: the network 2001:db8:0:1::/64 or the way to it')).toBe('не отвечает: путь потерян, 21 хост: сеть 2001:db8:0:1::/64 или путь к ней');
  expect(plain('up again; was lost: path lost, 5 hosts: the network 192.0.2.0/24 or the way to it')).toBe('снова работает; было: потерян: путь потерян, 5 хостов: сеть 192.0.2.0/24 или путь к ней');
  expect(plain('lost: connection ended without goodbye: agent or path')).toBe('потерян: соединение оборвалось без прощания: агент или путь к нему');
});

test('corrections', () => {
  expect(plain('host was up; network cut 10:33–10:34; no samples 10:33–10:34')).toBe('хост работал, связь пропадала 10:33–10:34; нет замеров 10:33–10:34');
  for (const words of ['rebooted at 03:02', 'agent was stopped or frozen, no samples 03:02–03:09', 'agent died and was started again, no samples 03:02–03:09', 'agent took no samples 03:02–03:09']) expect(english(words), words).toEqual([]);
});

test('thresholds, in every form', () => {
  expect(plain('CPU utilisation 57.4 % above 50.0 % for 10 s')).toBe('загрузка процессора 57,4 % выше 50,0 % в течение 10 с');
  expect(plain('free space on /var 4.1 % below 10.0 % for 15 min')).toBe('свободное место на /var 4,1 % ниже 10,0 % в течение 15 мин');
  expect(plain('CPU utilisation{cpu=3} 99.0 % above 90.0 % for 1 min 30 s')).toBe('загрузка ядра 3 99,0 % выше 90,0 % в течение 1 мин 30 с');
  expect(plain('system.cpu.load_average.1m 12.00 {thread} above 8.00 {thread} for 2 h 5 min')).toBe('system.cpu.load_average.1m 12,00 задач выше 8,00 задач в течение 2 ч 5 мин');
  expect(plain('system.network.io{direction=receive,interface=eth0} 1.2 GiB/s above 512 B/s for 60 s')).toBe('system.network.io{direction=receive,interface=eth0} 1,2 ГиБ/с выше 512 Б/с в течение 60 с');
  expect(plain('system.network.packets{direction=receive} 5.00 {packet}/s above 1.00 {packet}/s for 60 s')).toContain('5,00 пакетов/с выше 1,00 пакетов/с');
  for (const words of ['available memory 3.0 % below 5.0 % for 5 min', 'available memory very large % above -5.0 % for 3 d 2 h', 'free space on a file system 3.0 % below 5.0 % for 0 s', 'CPU utilisation 57.4 % above 50.0 % for 1 d']) expect(english(words), words).toEqual([]);
  for (const unit of ['', ' %', ' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB', ' B/s', ' MiB/s', ' s', ' {thread}', ' {operation}/s', ' {packet}/s', ' {error}/s', ' 1/s']) {
    expect(english(`available memory 3.00${unit} below 5.00${unit} for 5 min`), unit).toEqual([]);
  }
});

test('thresholds that don’t last yet, rates without a name, and what ended an alert', () => {
  expect(plain('CPU utilisation 97.2 % above 90.0 %')).toBe('загрузка процессора 97,2 % выше 90,0 %');
  expect(plain('system.network.packets{direction=receive} 12.00/s above 5.00/s for 60 s')).toContain('12,00/с выше 5,00/с в течение 60 с');
  expect(plain('system.cpu.load_average.1m 1.60 above 0.50 for 10 s')).toContain('1,60 выше 0,50');
  expect(plain('CPU utilisation back to 78.2 %, below 80.0 %')).toBe('загрузка процессора снова 78,2 %, ниже 80,0 %');
  expect(plain('free space on /var back to 25.0 GiB, above 18.6 GiB')).toBe('свободное место на /var снова 25,0 ГиБ, выше 18,6 ГиБ');
  expect(plain('up again; was lost: host off, frozen, or network cut')).toBe('снова работает; было: потерян: хост выключен, завис либо сеть оборвана');
  expect(english('revoked; was stopped: service stopped')).toEqual([]);
  expect(english('available memory 3.0 % below 5.0 %; no longer reported for 5 min')).toEqual([]);
});

test('alerts that ended without a value', () => {
  for (const why of ['the rule was removed', 'the rule was changed and judges other series now', 'the host was revoked', 'no longer reported for 30 s', 'no longer reported for 1 min 30 s: unmounted, or the mount hangs']) {
    expect(english(`available memory 3.0 % below 5.0 % for 5 min; ${why}`), why).toEqual([]);
  }
});

test('what it does not know stays as it came', () => {
  for (const words of ['something new', 'rejected-by: x', '', 'tick 7 after tick 9', 'unrevoked', 'db.lost 3']) expect(reasonInRussian(words)).toBe(words);
  expect(plain('rejected: tick 7 after tick 9')).toBe('отклонён: tick 7 after tick 9');
});
