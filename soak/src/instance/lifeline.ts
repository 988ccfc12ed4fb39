/**
 * What connects one instance of a pipeline with the world. Once it is cut, nothing that the instance calls takes effect or
 * returns: to the world it has crashed. While it is frozen its calls wait, and take effect when it thaws.
 */
export class Lifeline {
  /** Of the instance, in the order of their starts. */
  readonly number: number;
  #state: 'alive' | 'frozen' | 'cut' = 'alive';
  #waiting: (() => void)[] = [];

  constructor(number: number) {
    this.number = number;
  }

  get cut(): boolean {
    return this.#state === 'cut';
  }

  /** Every call into the world goes through here, before it takes effect and before it returns. */
  async pass(): Promise<void> {
    while (this.#state !== 'alive') await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  freeze(): void {
    if (this.#state === 'alive') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'alive';
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  crash(): void {
    this.#state = 'cut';
    this.#waiting = [];
  }
}

/** The store, sink session or other part as one instance reaches it. */
export function through<T extends object>(lifeline: Lifeline, part: T, faults: () => Promise<void>): T {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        await lifeline.pass();
        if (name !== Symbol.asyncDispose) await faults();
        await lifeline.pass();
        const result: unknown = await member.apply(target, args);
        await lifeline.pass();
        return result;
      };
    },
  });
}
