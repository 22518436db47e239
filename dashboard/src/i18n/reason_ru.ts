// The collector's sentences in Russian: verdicts, corrections, thresholds (server/fleet/status.cpp, server/fleet/correction.cpp,
// server/fleet/path_watch.cpp, server/alerts/words.cpp, server/ingest/agent_stream.cpp). What it doesn't know stays as it came.

import { NO_BREAK as NB } from '../format/units';
import { plural } from './plural_ru';

const STATUS: Record<string, string> = {
  new: 'ещё не подключался', up: 'работает', stopped: 'остановлен', lost: 'потерян', unresponsive: 'не отвечает', rejected: 'отклонён', unknown: 'неизвестно',
};

const PHRASES: Record<string, string> = {
  'connection ended without goodbye: agent killed, or something between cut it': 'соединение оборвалось без прощания: агент убит либо связь оборвана по пути',
  'connection ended without goodbye: agent or path': 'соединение оборвалось без прощания: агент или путь к нему',
  'not back since the collector started: host off, agent stopped, or path cut': 'не вернулся с запуска коллектора: хост выключен, агент остановлен либо связь оборвана по пути',
  'machine answers, agent is stopped or starved': 'машина отвечает, агент остановлен или голодает',
  'host off, frozen, or network cut': 'хост выключен, завис либо сеть оборвана',
  'agent or path': 'не отвечает агент или путь к нему',
  'service stopped': 'служба остановлена',
  'host is shutting down': 'хост выключается',
  'rebooting': 'перезагружается',
  'upgrading': 'обновляется',
  'this host was revoked': 'доступ хоста отозван',
  'the host was revoked': 'доступ хоста отозван',
  'revoked': 'доступ отозван',
  'host was up; network cut': 'хост работал, связь пропадала',
  'rebooted at': 'перезагружен в',
  'agent was stopped or frozen, no samples': 'агент был остановлен или заморожен, нет замеров',
  'agent died and was started again, no samples': 'агент погиб и был запущен снова, нет замеров',
  'agent took no samples': 'агент не снимал замеров',
  'no samples': 'нет замеров',
  'the rule was removed': 'правило удалено',
  'the rule was changed and judges other series now': 'правило изменено и следит теперь за другими рядами',
  'unmounted, or the mount hangs': 'размонтирована либо зависла',
};
const LONGEST_FIRST = Object.keys(PHRASES).sort((a, b) => b.length - a.length);
const KNOWN = new RegExp(`(?<![\\w.])(?:${LONGEST_FIRST.map((words) => words.replace(/[.;]/g, '\\$&')).join('|')})(?![\\w.])`, 'g');

const UNITS: Record<string, string> = {
  '%': '%', 1: '1', B: 'Б', KiB: 'КиБ', MiB: 'МиБ', GiB: 'ГиБ', TiB: 'ТиБ', PiB: 'ПиБ', kB: 'кБ', MB: 'МБ', GB: 'ГБ', TB: 'ТБ',
  d: 'д', h: 'ч', min: 'мин', s: 'с', ms: 'мс',
  thread: 'задач', operation: 'операций', packet: 'пакетов', error: 'ошибок', process: 'процессов', threads: 'задач', operations: 'операций', packets: 'пакетов', errors: 'ошибок',
};
const unit = (text: string): string => {
  const [, name = '', per = ''] = /^\{?([^{}/]*)\}?(\/s)?$/.exec(text) ?? [];
  const known = UNITS[name];
  return known === undefined && name !== '' ? text : `${known ?? ''}${per ? '/с' : ''}`;
};
const number = (text: string): string => (text === 'very large' ? 'очень много' : text.replace('.', ','));
const quantity = (text: string): string => {
  const [, value = '', rate, of] = /^(very large|-?[\d.]+)(\/s)?(?: (\S+))?$/.exec(text) ?? [];
  return `${number(value)}${rate ? '/с' : ''}${of === undefined ? '' : `${NB}${unit(of)}`}`;
};
const duration = (text: string): string => text.replace(/(\d[\d.]*) (d|h|min|s)\b/g, (_, value: string, of: string) => `${number(value)}${NB}${unit(of)}`);

const QUANTITY = '(?:very large|-?\\d[\\d.]*)(?:/s| (?:1/s|[^\\s\\d,;]\\S*?))?';
const DURATION = '\\d[\\d.]* (?:d|h|min|s)(?: \\d+ (?:h|min|s))?';
const THRESHOLD = new RegExp(`^(.+?) (${QUANTITY}) (above|below) (${QUANTITY})(?: for (${DURATION}))?(?=$|;)`);
const RECOVERY = new RegExp(`^(.+?) back to (${QUANTITY}), (above|below) (${QUANTITY})(?=$|;)`);
const ABSENT = new RegExp(`no longer reported for (${DURATION})`);
const PATH_LOST = /path lost, (\d+) hosts: (?:the proxy (\S+) or the network behind it|the network (\S+) or the way to it)/;
const side = (word: string | undefined): string => (word === 'above' ? 'выше' : 'ниже');

function subject(words: string): string {
  const core = /^CPU utilisation\{cpu=(\d+)\}$/.exec(words);
  if (core) return `загрузка ядра ${core[1]}`;
  return words
    .replace(/^CPU utilisation/, 'загрузка процессора')
    .replace(/^available memory$/, 'доступная память')
    .replace(/^free space on a file system$/, 'свободное место в файловой системе')
    .replace(/^free space on /, 'свободное место на ');
}

function pathLost(count: string, proxy: string | undefined, network: string | undefined): string {
  const hosts = `${count}${NB}${plural(Number(count), 'хост', 'хоста', 'хостов')}`;
  return `путь потерян, ${hosts}: ${proxy ? `прокси ${proxy} или сеть за ним` : `сеть ${network} или путь к ней`}`;
}

export function reasonInRussian(words: string): string {
  const back = /^(up again|revoked); was (.+)$/.exec(words);
  if (back) return `${back[1] === 'revoked' ? 'доступ отозван' : 'снова работает'}; было: ${reasonInRussian(back[2] ?? '')}`;
  const recovery = RECOVERY.exec(words);
  if (recovery) {
    const [all, what = '', value = '', where, limit = ''] = recovery;
    return `${subject(what)} снова ${quantity(value)}, ${side(where)} ${quantity(limit)}${phrases(words.slice(all.length))}`;
  }
  const threshold = THRESHOLD.exec(words);
  if (threshold) {
    const [all, what = '', value = '', where, limit = '', lasting] = threshold;
    const said = `${subject(what)} ${quantity(value)} ${side(where)} ${quantity(limit)}`;
    return `${said}${lasting ? ` в течение ${duration(lasting)}` : ''}${phrases(words.slice(all.length))}`;
  }
  const [, status = '', rest = ''] = /^(\w+)(: .+|; .+)?$/.exec(words) ?? [];
  const known = STATUS[status];
  return known !== undefined ? known + phrases(rest) : phrases(words);
}

const phrases = (words: string): string =>
  words
    .replace(KNOWN, (found) => PHRASES[found] ?? found)
    .replace(ABSENT, (_, lasting: string) => `данных нет уже ${duration(lasting)}`)
    .replace(PATH_LOST, (_, count: string, proxy?: string, network?: string) => pathLost(count, proxy, network));
