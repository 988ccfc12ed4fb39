import {
  type Checkpoint,
  type Lane,
  type LaneReader,
  type Position,
  refuseForeignCheckpoints,
  type SourceSession,
} from '@sluice/contracts';
import { MergedLane } from './merged-lane.js';
import { mergedLane } from './part-of.js';

/** An open part of a merged source. */
export interface OpenPart {
  readonly part: string;
  readonly session: SourceSession<unknown>;
}

/** The sessions of several sources as one. */
export class MergedSession implements SourceSession<unknown> {
  readonly identity: string;
  readonly #parts: ReadonlyMap<string, SourceSession<unknown>>;

  constructor(parts: readonly OpenPart[]) {
    this.#parts = new Map(parts.map(({ part, session }) => [part, session]));
    this.identity = `merge(${parts.map(({ part, session }) => `${part}=${session.identity}`).join(',')})`;
  }

  identityOf(lane: Lane): string {
    const { session, own } = this.#partOf(lane);
    return session?.identityOf?.(own) ?? session?.identity ?? this.identity;
  }

  bytesBetween(lane: Lane, from: Position, to: Position): number | undefined {
    const { session, own } = this.#partOf(lane);
    return session?.bytesBetween?.(own, from, to);
  }

  /** Checkpoints of a part that is no longer there are left alone. */
  refuseForeign(checkpoints: ReadonlyMap<Lane, Checkpoint | null>): void {
    for (const [lane, checkpoint] of checkpoints) {
      const { session, own } = this.#partOf(lane);
      if (session) refuseForeignCheckpoints(new Map([[own, checkpoint]]), this.identityOf(lane));
    }
  }

  /** The lanes of all parts, as they appear. A part is asked for its next lane once the one before has been taken up. */
  async *lanes(): AsyncGenerator<LaneReader<unknown>> {
    const sources = [...this.#parts].map(([part, session]) => ({
      part,
      lanes: session.lanes()[Symbol.asyncIterator](),
    }));
    const asked = new Map(sources.map((source) => [source, ask(source)]));
    while (asked.size > 0) {
      const { source, result } = await Promise.race(asked.values());
      if (result.done) {
        asked.delete(source);
        continue;
      }
      yield new MergedLane(source.part, result.value);
      asked.set(source, ask(source));
    }
  }

  async head(): Promise<ReadonlyMap<Lane, Position>> {
    const heads = await Promise.all(
      [...this.#parts].map(async ([part, session]) => {
        return [...(await session.head())].map(([lane, position]) => [mergedLane(part, lane), position] as const);
      }),
    );
    return new Map(heads.flat());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = await Promise.allSettled([...this.#parts.values()].map(async (one) => one[Symbol.asyncDispose]()));
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }

  #partOf(lane: Lane): { session: SourceSession<unknown> | undefined; own: Lane } {
    const at = lane.indexOf('/');
    return { session: at < 0 ? undefined : this.#parts.get(lane.slice(0, at)), own: lane.slice(at + 1) };
  }
}

interface PartLanes {
  readonly part: string;
  readonly lanes: AsyncIterator<LaneReader<unknown>>;
}

function ask(source: PartLanes): Promise<{ source: PartLanes; result: IteratorResult<LaneReader<unknown>> }> {
  const answer = source.lanes.next().then((result) => ({ source, result }));
  answer.catch(() => 'heard of when the next lane is asked for');
  return answer;
}
