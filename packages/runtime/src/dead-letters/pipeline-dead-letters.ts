import {
  ComponentError,
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterFilter,
  type DeadLetterStore,
  type Envelope,
} from '@sluice/contracts';
import type { Plan } from '../pipeline/plan.js';

/** Which letters of one pipeline and sink are meant. All that is given must hold. */
export type OwnLetterFilter = Omit<DeadLetterFilter, 'pipeline' | 'sink'>;

/**
 * The dead letters of one pipeline and its sink, for a person: to look at, to edit, to have replayed, to give up.
 *
 * Works while the pipeline runs and while it does not. What is requested is replayed by the instance that runs; by this one at
 * once, by another the next time it looks. `by` stands in the audit trail; default: this instance.
 */
export class PipelineDeadLetters {
  readonly #store: DeadLetterStore;
  readonly #own: { readonly pipeline: string; readonly sink: string };

  /** @internal Made by `running.deadLetters`. */
  constructor(
    { name, sink, deadLetters }: Plan,
    private readonly owner: string,
    private readonly changed: () => void,
  ) {
    if (deadLetters === undefined) {
      throw new ComponentError('OPTIONS_INVALID', `pipeline ${name} was given no \`deadLetters\``);
    }
    this.#store = deadLetters;
    this.#own = { pipeline: name, sink: sink.name };
  }

  /** Oldest first; 100 where no limit is given. */
  list(filter: OwnLetterFilter = {}): Promise<readonly DeadLetter[]> {
    return this.#store.list({ ...filter, ...this.#own });
  }

  /** Undefined when there is none of this id, or it is another pipeline's. */
  async get(id: string): Promise<DeadLetter | undefined> {
    const letter = await this.#store.get(id);
    return letter?.pipeline === this.#own.pipeline && letter.sink === this.#own.sink ? letter : undefined;
  }

  /**
   * Replaces the event of a letter that waits: `letter.event.with(data)`.
   *
   * @throws ComponentError `DEAD_LETTER_NOT_WAITING`; `OPTIONS_INVALID` when a parked letter's key would change, for others
   * wait behind it.
   */
  async edit(id: string, event: Envelope<unknown>, by = this.owner): Promise<void> {
    const letter = await this.get(id);
    if (letter === undefined) throw new ComponentError('DEAD_LETTER_NOT_WAITING', `there is no letter ${id} here`);
    if (letter.parked && letter.event.key !== event.key) {
      throw new ComponentError('OPTIONS_INVALID', '`event`: a parked letter keeps its key');
    }
    await this.#store.edit(id, event, by);
  }

  /** Has letters that wait replayed, of a parked key all earlier ones too. Answers with how many. */
  async request(filter: OwnLetterFilter = {}, by = this.owner): Promise<number> {
    const requested = await this.#store.request({ ...filter, ...this.#own }, by);
    this.changed();
    return requested;
  }

  /** Gives up letters that wait or are requested. Answers with how many. */
  async discard(filter: OwnLetterFilter, by = this.owner): Promise<number> {
    const discarded = await this.#store.discard({ ...filter, ...this.#own }, by);
    this.changed();
    return discarded;
  }

  /** What was done with a letter, oldest first. */
  async audit(id: string): Promise<readonly DeadLetterAction[]> {
    return (await this.get(id)) === undefined ? [] : this.#store.audit(id);
  }
}
