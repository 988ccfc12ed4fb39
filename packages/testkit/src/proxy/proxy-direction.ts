import { checkFaults, type Faults } from './faults.js';

/** One direction of the proxy, over all its connections. */
export interface ProxyDirection {
  /** What is at work now. */
  readonly faults: Faults;
  /** Bytes forwarded so far, over all connections. */
  readonly bytes: number;
  /**
   * Replaces the faults, at once and for what is under way too.
   *
   * @throws ComponentError `OPTIONS_INVALID` naming the fault.
   */
  set(faults: Faults): void;
  /** Takes the faults away. */
  clear(): void;
}

/** The direction as its flows see it: they count their bytes here, and are woken when the faults change. */
export class Direction implements ProxyDirection {
  faults: Faults;
  bytes = 0;
  readonly #changed = new Set<() => void>();

  constructor(faults: Faults) {
    this.faults = checkFaults(faults);
  }

  set(faults: Faults): void {
    this.faults = checkFaults(faults);
    for (const wake of this.#changed) wake();
  }

  clear(): void {
    this.set({});
  }

  onChange(wake: () => void): () => void {
    this.#changed.add(wake);
    return () => this.#changed.delete(wake);
  }
}
