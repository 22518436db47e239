import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { en } from '../src/i18n/en';
import { ru } from '../src/i18n/ru';

const leaves = (node: object, path = ''): [string, unknown][] =>
  Object.entries(node).flatMap(([key, value]): [string, unknown][] => (value && typeof value === 'object' ? leaves(value as object, `${path}${key}.`) : [[path + key, value]]));

test('both languages have the same entries, none empty', () => {
  const [a, b] = [leaves(en), leaves(ru)];
  expect(b.map(([path]) => path).sort()).toEqual(a.map(([path]) => path).sort());
  for (const [path, value] of [...a, ...b]) expect(value === '' ? path : 'filled').toBe('filled');
});

test('what Russian says differs from English, but for words that people type', () => {
  const same = new Set(['table.cpu', 'host.cpu', 'processes.cpu', 'processes.process']);
  const english = new Map(leaves(en));
  for (const [path, value] of leaves(ru)) if (typeof value === 'string' && !same.has(path)) expect(value === english.get(path) ? path : 'translated').toBe('translated');
});

test('Russian counts in three forms', () => {
  expect([1, 2, 5, 11, 21, 22].map((n) => ru.hosts(n).replace('\u00a0', ' '))).toEqual(['1 хост', '2 хоста', '5 хостов', '11 хостов', '21 хост', '22 хоста']);
  expect(en.hosts(1).replace('\u00a0', ' ')).toBe('1 host');
});

test('no entry is left that nothing on the page says', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.(svelte|ts)$/.test(name) && !/^i18n.(en|ru)\.ts/.test(name));
  const source = files.map((name) => readFileSync(`src/${name}`, 'utf8')).join('\n');
  const unused = leaves(en).map(([path]) => path).filter((path) => !new RegExp(`\\b${path.split('.').at(-1)}\\b`).test(source));
  expect(unused).toEqual([]);
});
