import type { ArrayValue, Value } from './value.js';

/**
 * An array in the text form of Postgres (`{1,NULL,"a \"b\""}`), nested as it is nested.
 *
 * An array whose lower bounds are not 1 (`[0:1]={1,2}`) stays text: a JavaScript array could not say so.
 */
export function parseArray(text: string, element: (text: string) => Value): ArrayValue | string {
  if (text.charCodeAt(0) !== OPEN) return text;
  return new ArrayReader(text, element).read();
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

class ArrayReader {
  readonly #text: string;
  readonly #element: (text: string) => Value;
  #at = 0;

  constructor(text: string, element: (text: string) => Value) {
    this.#text = text;
    this.#element = element;
  }

  read(): ArrayValue {
    const items: ArrayValue = [];
    this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === COMMA) this.#at++;
      else if (code === OPEN) items.push(this.read());
      else if (code === QUOTE) items.push(this.#element(this.#quoted()));
      else if (code === CLOSE || Number.isNaN(code)) break;
      else items.push(this.#bare());
    }
    this.#at++;
    return items;
  }

  #bare(): Value {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === COMMA || code === CLOSE || Number.isNaN(code)) break;
      this.#at++;
    }
    const item = this.#text.slice(start, this.#at);
    return item === 'NULL' ? null : this.#element(item);
  }

  #quoted(): string {
    let item = '';
    let start = ++this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE || Number.isNaN(code)) break;
      if (code === BACKSLASH) {
        item += this.#text.slice(start, this.#at);
        start = ++this.#at;
      }
      this.#at++;
    }
    item += this.#text.slice(start, this.#at++);
    return item;
  }
}
