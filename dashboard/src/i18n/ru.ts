import { NO_BREAK as NB } from '../format/units';
import type { Dictionary } from './en';

const rules = new Intl.PluralRules('ru');
function plural(n: number, one: string, few: string, many: string): string {
  const form = rules.select(n);
  return form === 'one' ? one : form === 'few' ? few : many;
}
const n_ = (n: number, one: string, few: string, many: string): string => `${n}${NB}${plural(n, one, few, many)}`;

/** The collector's words for verdicts; others are shown as they come. */
const WORDS: [string, string][] = [
  ['connection ended without goodbye: agent killed, or something between cut it', 'соединение оборвалось без прощания: агент убит либо связь оборвана по пути'],
  ['machine answers, agent is stopped or starved', 'машина отвечает, агент остановлен или голодает'],
  ['host off, frozen, or network cut', 'хост выключен, завис либо сеть оборвана'],
  ['service stopped', 'служба остановлена'],
  ['host is shutting down', 'хост выключается'],
  ['rebooting', 'перезагружается'],
  ['upgrading', 'обновляется'],
  ['host was up; network cut', 'хост работал, связь пропала'],
  ['rebooted at', 'перезагружен в'],
  ['agent was stopped or frozen', 'агент был остановлен или заморожен'],
  ['agent died and was started again', 'агент погиб и был запущен снова'],
  ['agent took no samples', 'агент не снимал показаний'],
  ['no samples', 'нет показаний'],
];

export const ru: Dictionary = {
  fleet: 'Хосты',
  alerts: 'Тревоги',
  skip: 'К содержанию',
  status: { up: 'Работает', stopped: 'Остановлен', lost: 'Потерян', unresponsive: 'Не отвечает', rejected: 'Отклонён', unknown: 'Неизвестно', new: 'Новый' },
  severity: { info: 'Сведение', warning: 'Внимание', critical: 'Критично' },
  phase: { pending: 'Ожидает', firing: 'Активна', resolved: 'Снята' },
  all: 'Все',
  live: 'В эфире',
  paused: 'Пауза',
  backToLive: 'Вернуться в эфир',
  tryAgain: 'Повторить',
  connection: {
    connected: 'На связи',
    connecting: 'Соединяемся…',
    backIn: (s) => `Ещё раз через ${s}${NB}с`,
    offlineSince: (t) => `Нет связи с ${t}`,
    label: 'Связь с коллектором',
  },
  user: { signOut: 'Выйти', role: { viewer: 'наблюдатель', operator: 'оператор', administrator: 'администратор' }, language: 'Язык', theme: 'Тема', light: 'Светлая', dark: 'Тёмная', menu: 'Учётная запись и вид' },
  login: {
    title: 'Вход в Vedette',
    user: 'Имя',
    password: 'Пароль',
    show: 'Показать пароль',
    signIn: 'Войти',
    signingIn: 'Входим',
    wrong: 'Неверное имя или пароль.',
    wait: (s) => `Слишком много попыток. Подождите ${s}${NB}с.`,
    unreachable: 'Коллектор не отвечает.',
    cookie: 'Коллектор принял пароль, но браузер не сохранил cookie. Откройте страницу по HTTPS.',
    needUser: 'Введите имя.',
    needPassword: 'Введите пароль.',
    setup: 'Пользователей ещё нет. Создайте первого на коллекторе:',
  },
  search: 'Хост, метка, причина',
  hosts: (n) => n_(n, 'хост', 'хоста', 'хостов'),
  alertCount: (n) => n_(n, 'тревога', 'тревоги', 'тревог'),
  banner: {
    down: (n) => n_(n, 'хост недоступен', 'хоста недоступны', 'хостов недоступны'),
    lost: (age) => `потерян ${age} назад`,
    unresponsive: (age) => `не отвечает ${age}`,
    rejected: (age) => `отклонён ${age} назад`,
    stopped: (age) => `остановлен ${age} назад`,
    notifiesIn: (s) => `оповестим через ${s}, если не вернётся`,
    notified: (t) => `оповещение ${t}`,
    more: (n) => `и ещё ${n}`,
  },
  table: {
    host: 'Хост, худшие сверху', cpu: 'CPU', memory: 'Память', load: 'Load ÷ ядра', disk: 'Диск, максимум', received: 'Приём', sent: 'Отдача',
    roundTrip: 'Пинг', lastSeen: 'Был на связи', status: 'Состояние', alerts: 'Тревоги',
    since: (word, t) => `${word} с ${t}`,
    frozen: 'порядок не меняется, пока указатель или фокус в таблице',
    times: (zone) => `Время: ${zone}`,
    none: 'Ничего не найдено.',
    clear: 'Показать все',
  },
  empty: {
    title: 'Хостов пока нет',
    text: 'Подключите агента на машине, и через секунды она появится здесь, дальше с историей.',
    how: 'На этом коллекторе создайте токен:',
  },
  host: {
    times: (zone) => `время: ${zone}`,
    cores: (n) => n_(n, 'ядро', 'ядра', 'ядер'),
    agent: 'агент',
    upFor: (age) => `Работает ${age}`,
    statusFor: {
      stopped: (age) => `Остановлен ${age} назад`,
      lost: (age) => `Потерян ${age} назад`,
      unresponsive: (age) => `Не отвечает ${age}`,
      rejected: (age) => `Отклонён ${age} назад`,
      unknown: (age) => `Неизвестно ${age}`,
      new: (age) => `Ждём первый замер ${age}`,
      up: (age) => `Работает ${age}`,
    },
    lastBreak: (from, to, words) => `Обрыв ${from}–${to}: ${words}`,
    noBreak: 'За 24 ч обрывов не было',
    roundTrip: 'Пинг', skew: 'Сдвиг часов', lastSample: 'Замер', ago: 'назад', toScreen: 'До экрана',
    connected: (percent) => `24 ч, на связи ${percent}`,
    openAlert: 'К тревоге',
    seen: { tick: (cpu, memory) => `последний замер: CPU ${cpu}, память ${memory}`, tickOnly: 'последний замер', verdict: (word) => `вердикт: ${word}`, notify: 'оповещение отправлено', notifyAt: (age) => `оповестим через ${age}, если не вернётся` },
    cpu: 'CPU', load: 'Нагрузка', memory: 'Память', diskBusy: 'Диск занят', fullestDisk: 'Диск, максимум', network: 'Сеть',
    perCore: (load, cores) => `${load} × ${cores}`,
    of: (a, b) => `${a} из ${b}`,
    received: (rate) => `${rate} приём`,
    at: (t) => `на ${t}`,
    firingSince: (t) => `тревога с ${t}`,
    notFound: 'Такого хоста нет.',
    toFleet: 'К хостам',
    range: 'Период', ranges: { m15: `15${NB}мин`, h1: `1${NB}ч`, h6: `6${NB}ч`, h24: `24${NB}ч`, d7: `7${NB}д`, d14: `14${NB}д` },
  },
  chart: {
    cpu: 'CPU по режимам', cores: 'CPU по ядрам', memory: 'Память', load: 'Нагрузка', disk: 'Диск', network: 'Сеть', tasks: 'задач',
    read: 'чтение', write: 'запись', sent: 'отдача', received: 'приём', used: 'занято', shared: 'общая', cache: 'кэш',
    m1: `1${NB}мин`, m5: `5${NB}мин`, m15: `15${NB}мин`,
    installed: (size) => `Установлено ${size}`,
    loading: 'Загрузка', noData: 'За этот период замеров нет', noSeries: 'Этот хост такого не даёт', failed: 'История не ответила:',
    gap: 'нет данных',
  },
  alert: {
    firing: 'Активные, худшие сверху', pending: 'Ожидают', resolved: 'Недавно снятые', for: 'длится',
    none: 'Тревог нет', noneText: 'Все правила молчат. Здесь появятся ожидающие, активные и недавно снятые тревоги.',
    on: '·', severity: 'Важность', state: 'Состояние', value: 'Значение', since: 'С', rule: 'Правило',
    hostDown: 'Хост недоступен',
  },
  keys: { title: 'Клавиши', search: 'Поиск хостов', fleet: 'К хостам', alerts: 'К тревогам', help: 'Этот список', close: 'Закрыть', live: 'Остановить графики, вернуться в эфир', space: 'Пробел' },
  notFound: 'Такой страницы нет.',
  reason: (words) => {
    let out = words;
    for (const [english, russian] of WORDS) out = out.replace(english, russian);
    return out;
  },
};
