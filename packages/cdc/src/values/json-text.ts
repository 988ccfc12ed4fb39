/**
 * A json or jsonb value: the text exactly as Postgres sent it, parsed when `value` is first read.
 *
 * Numbers beyond what a double can hold survive in `text`. Written back to Postgres through `pg`, it is sent as its text;
 * `JSON.stringify` gives the value.
 */
export class JsonText {
  readonly text: string;
  #value: unknown;
  #parsed = false;

  constructor(text: string) {
    this.text = text;
  }

  /** The parsed value; the same object each time. */
  get value(): unknown {
    if (!this.#parsed) {
      this.#value = JSON.parse(this.text);
      this.#parsed = true;
    }
    return this.#value;
  }

  toJSON(): unknown {
    return this.value;
  }

  toString(): string {
    return this.text;
  }

  /** What `pg` sends for it as a parameter. */
  toPostgres(): string {
    return this.text;
  }
}
