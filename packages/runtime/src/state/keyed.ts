import { ComponentError, type Envelope, refuseUnknownOptions, type StateStore } from '@sluice/contracts';
import type { Flow } from '../delivery/flow.js';

/** Where an operator keeps its state. */
export interface ScopeOptions {
  readonly store: StateStore;
  /**
   * Names the state within the store: 1 to 200 letters, digits, `_`, `.`, `:`, `-`. No two operators share one; take a new one
   * when what is kept gets another meaning.
   */
  readonly scope: string;
}

/** The longest key of an event, in characters: a store allows 10,000, and operators put some before it. */
const MAX_KEY = 9_000;

/** Checks the scope, and that there are no options but these. Throws `OPTIONS_INVALID`. */
export function checkScope(of: string, options: ScopeOptions, known: readonly string[]): void {
  refuseUnknownOptions(of, options, ['store', 'scope', ...known]);
  if (!/^[\w.:-]{1,200}$/.test(options.scope)) {
    refuse(of, '`scope` has 1 to 200 letters, digits and any of _ . : -');
  }
}

/** Throws `OPTIONS_INVALID` for the operator. */
export function refuse(of: string, message: string): never {
  throw new ComponentError('OPTIONS_INVALID', `${of}: ${message}`);
}

/** What an event is known by in an inbox: its id, which is unique within its source. */
export function inboxId(event: Envelope<unknown>): string {
  return `${event.source}#${event.id}`;
}

/** The key to keep state by. Throws `EVENT_KEY_MISSING`, `EVENT_KEY_TOO_LONG`. */
export function stateKey(key: string | undefined | null): string {
  if (key === undefined || key === null) throw new ComponentError('EVENT_KEY_MISSING', 'the event has no key');
  if (key.length <= MAX_KEY) return key;
  throw new ComponentError('EVENT_KEY_TOO_LONG', `a key of ${key.length} characters`, {
    details: { characters: key.length },
  });
}

/** Somebody else has written what we have read. */
export function conflict(of: string, scope: string): ComponentError {
  return new ComponentError('STATE_CONFLICT', `${of}: another instance wrote the state of scope ${scope}`, {
    details: { operator: of, scope },
  });
}

/** How often an inbox is pruned: so many times within the time that ids are kept. */
const PRUNINGS = 24;
/** The least time between two prunings, in milliseconds. */
const LEAST_MS = 60_000;

/** Takes old ids out of an inbox now and then. */
export class Pruning {
  #last = performance.now();

  constructor(
    private readonly options: ScopeOptions,
    private readonly keepMs: number,
  ) {}

  async whenDue(flow: Flow): Promise<void> {
    const now = performance.now();
    if (now - this.#last < Math.max(LEAST_MS, this.keepMs / PRUNINGS)) return;
    this.#last = now;
    const { store, scope } = this.options;
    await flow.persist(() => store.forget(scope, new Date(Date.now() - this.keepMs)));
  }
}

/** For how long ids are kept where nobody says: a week, in milliseconds. */
export const KEEP_MS = 7 * 86_400_000;

/** Checks how long ids are kept. Throws `OPTIONS_INVALID`. */
export function checkKeepMs(of: string, keepMs: number): void {
  if (!(Number.isFinite(keepMs) && keepMs > 0)) refuse(of, '`keepMs` must be a finite number above 0');
}
