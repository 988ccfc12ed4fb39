import type { SinkFeatures, Source, SourceContext, SourceSession } from '@sluice/contracts';
import type { RouteBuffer } from './backlog.js';
import { leastCheckpoints } from './least-checkpoints.js';
import { sessionEnded } from './session-ended.js';
import { TeeSession } from './tee-session.js';

/** A branch that wants to open the source. */
interface Opening {
  readonly branch: string;
  readonly delivery: SinkFeatures['delivery'];
  readonly context: SourceContext;
  readonly open: (session: SourceSession<unknown>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Makes one source into several, one for each branch of a routed pipeline. The real one is opened once all branches want to
 * open theirs, from the least of their checkpoints; a branch that opens anew ends the session of all.
 */
export class SourceTee {
  readonly #branches = new Set<string>();
  readonly #waiting = new Map<string, Opening>();
  #session: TeeSession | undefined;
  #opening = false;

  constructor(
    private readonly source: Source<unknown>,
    private readonly buffer: Required<RouteBuffer>,
  ) {}

  /** The source as `branch` sees it. `delivery` is asked when it is opened. */
  branch(branch: string, delivery: () => SinkFeatures['delivery']): Source<unknown> {
    this.#branches.add(branch);
    const { name, features } = this.source;
    return { name, features, open: (context) => this.#open(branch, delivery(), context) };
  }

  /** The branch has ended, and will not open its source again. */
  leave(branch: string): void {
    this.#branches.delete(branch);
    this.#look();
  }

  #open(branch: string, delivery: SinkFeatures['delivery'], context: SourceContext): Promise<SourceSession<unknown>> {
    return new Promise((open, fail) => {
      context.signal.throwIfAborted();
      this.#session?.fail(sessionEnded(), undefined);
      const opening = { branch, delivery, context, open, fail };
      this.#waiting.set(branch, opening);
      context.signal.addEventListener('abort', () => {
        if (this.#waiting.get(branch) === opening) this.#waiting.delete(branch);
        fail(context.signal.reason);
      });
      this.#look();
    });
  }

  /** Opens the source when everyone is there and nobody has the old session any more. */
  #look(): void {
    if (this.#opening || this.#session || this.#waiting.size === 0) return;
    if ([...this.#branches].some((branch) => !this.#waiting.has(branch))) return;
    const openings = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#opening = true;
    void this.#openFor(openings);
  }

  async #openFor(openings: readonly Opening[]): Promise<void> {
    const [first] = openings as readonly [Opening];
    const closing = new AbortController();
    const given = AbortSignal.any(openings.map(({ context }) => context.signal));
    const giveUp = () => closing.abort(given.reason);
    given.addEventListener('abort', giveUp);
    try {
      given.throwIfAborted();
      const start = leastCheckpoints(openings.map(({ context }) => context.checkpoints));
      const { pipeline, maxBatchBytes, notice } = first.context;
      const session = await this.source.open({
        pipeline,
        ...start,
        maxBatchBytes,
        notice,
        refresh: async () => {
          await Promise.all(openings.map(({ context }) => context.refresh?.()));
          const now = leastCheckpoints(openings.map(({ context }) => context.checkpoints));
          for (const name of ['checkpoints', 'cuts'] as const) start[name].clear();
          for (const [lane, checkpoint] of now.checkpoints) start.checkpoints.set(lane, checkpoint);
          for (const [lane, cuts] of now.cuts) start.cuts.set(lane, cuts);
        },
        standby: (reason) => {
          for (const { context } of openings) context.standby?.(reason);
        },
        trouble: (error) => {
          for (const { context } of openings) context.trouble?.(error);
        },
        signal: closing.signal,
      });
      if (given.aborted) await session[Symbol.asyncDispose]();
      given.throwIfAborted();
      const members = openings.map(({ branch, delivery, context: { checkpoints } }) => {
        return { branch, delivery, checkpoints };
      });
      const { features } = this.source;
      const over = () => {
        closing.abort();
        if (this.#session === shared) this.#session = undefined;
        this.#look();
      };
      const shared = new TeeSession({ session, features, members, start, buffer: this.buffer, over });
      this.#session = shared;
      for (const [at, opening] of openings.entries()) {
        const member = members[at];
        if (member) opening.open(shared.view(member));
      }
    } catch (error) {
      for (const opening of openings) opening.fail(opening === first ? error : sessionEnded());
    } finally {
      given.removeEventListener('abort', giveUp);
      this.#opening = false;
      this.#look();
    }
  }
}
