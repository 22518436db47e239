// Rows as arrays in the order of a header, read by column name. The header is looked up once, not once a row.

import type { Row } from '../api/types';

export class Columns {
  readonly #index: Map<string, number>;

  constructor(readonly header: readonly string[]) {
    this.#index = new Map(header.map((name, i) => [name, i]));
  }

  has(name: string): boolean {
    return this.#index.has(name);
  }
  at(name: string): number {
    return this.#index.get(name) ?? -1;
  }
  number(row: Row, name: string): number | null {
    const value = row[this.at(name)];
    return typeof value === 'number' ? value : null;
  }
  text(row: Row, name: string): string {
    const value = row[this.at(name)];
    return typeof value === 'string' ? value : value == null ? '' : String(value);
  }
  value(row: Row, name: string): unknown {
    return row[this.at(name)];
  }
}
