import type { StateEntry, StateValue, StateWrite } from '@sluice/contracts';
import type { WindowSetting } from './window-lane.js';

interface StepParts {
  /** Where the watermark is kept. */
  readonly watermarkName: string;
  readonly nameOf: (key: string, start: number) => string;
  readonly entries: ReadonlyMap<string, StateEntry>;
  readonly seen: ReadonlySet<string>;
}

/** The windows of one delivery while its events are put into them. */
export class WindowStep {
  /** The newest time in the lane so far. */
  watermark: number;
  /** The end of the first window to close among those that were changed. */
  earliestEnd = Number.POSITIVE_INFINITY;
  readonly #changed = new Map<string, StateValue>();
  readonly #counted = new Set<string>();

  constructor(
    private readonly setting: WindowSetting,
    private readonly parts: StepParts,
  ) {
    const kept = parts.entries.get(parts.watermarkName);
    this.watermark = kept === undefined ? Number.NEGATIVE_INFINITY : (kept.value as number);
  }

  /** Whether the event is accounted for. */
  has(id: string): boolean {
    return this.parts.seen.has(id) || this.#counted.has(id);
  }

  /** Whether the window that begins then still takes events. */
  isOpen(start: number): boolean {
    return start + this.setting.sizeMs + this.setting.allowedLatenessMs > this.watermark;
  }

  /** The state of a window; undefined before its first event. */
  get(key: string, start: number): StateValue | undefined {
    const name = this.parts.nameOf(key, start);
    return this.#changed.has(name) ? this.#changed.get(name) : this.parts.entries.get(name)?.value;
  }

  set(key: string, start: number, value: StateValue): void {
    this.#changed.set(this.parts.nameOf(key, start), value);
    this.earliestEnd = Math.min(this.earliestEnd, start + this.setting.sizeMs);
  }

  /** The event is accounted for by what was set. */
  count(id: string): void {
    this.#counted.add(id);
  }

  /** The lane has come to this time. */
  pass(at: number): void {
    this.watermark = Math.max(this.watermark, at);
  }

  /** Empty when nothing has changed. */
  get change(): { readonly writes: readonly StateWrite[]; readonly seen: readonly string[] } {
    const { entries, watermarkName } = this.parts;
    const write = (key: string, value: StateValue): StateWrite => {
      return { key, value, expected: entries.get(key)?.revision ?? 0n };
    };
    const writes = [...this.#changed].map(([name, value]) => write(name, value));
    const moved = Number.isFinite(this.watermark) && entries.get(watermarkName)?.value !== this.watermark;
    // With every change of a window: whoever else writes this lane is found out by it.
    if (moved || writes.length > 0) writes.push(write(watermarkName, this.watermark));
    return { writes, seen: [...this.#counted] };
  }
}
