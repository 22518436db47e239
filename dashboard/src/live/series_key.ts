// `name{key=value,…}`: how series are written in live headers and asked for in queries.

import type { Attributes } from '../api/types';

export interface SeriesKey {
  name: string;
  attributes: Attributes;
}

const needsQuotes = /[,}="\\]/;

export function writeSeries(name: string, attributes: Attributes): string {
  const keys = Object.keys(attributes).sort();
  if (keys.length === 0) return name;
  const pair = (key: string): string => {
    const value = attributes[key] ?? '';
    return `${key}=${needsQuotes.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value}`;
  };
  return `${name}{${keys.map(pair).join(',')}}`;
}

export function readSeries(text: string): SeriesKey {
  const open = text.indexOf('{');
  if (open < 0) return { name: text, attributes: {} };
  const attributes: Attributes = {};
  const pair = /([^=,{}]+)=(?:"((?:[^"\\]|\\.)*)"|([^,}]*))(?:,|\}$)/y;
  pair.lastIndex = open + 1;
  for (let match = pair.exec(text); match; match = pair.exec(text)) {
    attributes[match[1] ?? ''] = match[2] !== undefined ? match[2].replace(/\\(.)/g, '$1') : (match[3] ?? '');
  }
  return { name: text.slice(0, open), attributes };
}
