import type { Attributes, Counter } from '@sluice/contracts';

/** The values of one counter, by attributes. To add is an addition; the monitoring library is bothered when somebody looks. */
export class CounterCells {
  readonly #cells = new Map<string, Cell>();

  /** The cell of these attributes: the same each time. */
  cell(attributes: Attributes): Counter {
    const name = JSON.stringify(Object.entries(attributes).sort());
    const known = this.#cells.get(name);
    if (known !== undefined) return known;
    const made = new Cell(attributes);
    this.#cells.set(name, made);
    return made;
  }

  all(): Iterable<{ readonly attributes: Attributes; readonly value: number }> {
    return this.#cells.values();
  }
}

class Cell implements Counter {
  value = 0;

  constructor(readonly attributes: Attributes) {}

  add(amount: number): void {
    this.value += amount;
  }
}
