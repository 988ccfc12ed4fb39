import { type Frame, type LaneReader, paddedPosition, type Revocation, type Source } from '@sluice/contracts';
import { type Numbered, numbered } from './events.js';

/**
 * A throw-away source in the shape of Kafka: partitions that are assigned and revoked with a deadline, offsets that are
 * committed cumulatively, and refused from a stale generation. Only so much of it exists as the interfaces need to be proven.
 */
export class PartitionedSource implements Source<Numbered> {
  readonly name = 'partitioned';
  readonly features = { ack: 'cumulative', replayable: true } as const;
  readonly committed = new Map<string, number>();
  readonly violations: string[] = [];
  #assigned = new Map<
    string,
    { generation: bigint; revoke: (revocation: Revocation) => void; stop: AbortController }
  >();
  #generation = 0n;
  #announce: (() => void) | undefined;
  #pending: string[] = [];
  #closed = true;

  constructor(
    private readonly partitions: ReadonlyMap<string, number>,
    private readonly batch: number,
    private readonly bytesPerEvent = 100,
  ) {}

  /** A partition is given to the open session. */
  assign(partition: string): void {
    if (this.#closed || this.#assigned.has(partition) || this.#pending.includes(partition)) return;
    this.#pending.push(partition);
    this.#announce?.();
  }

  /** A partition is taken away; resolves when the session has given it back. */
  revoke(partition: string, deadlineMs: number): Promise<void> {
    const assigned = this.#assigned.get(partition);
    if (assigned === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        assigned.stop.abort();
        this.#assigned.delete(partition);
        resolve();
      };
      assigned.revoke({ deadline: Date.now() + deadlineMs, done });
    });
  }

  async open(ctx: Parameters<Source<Numbered>['open']>[0]) {
    this.#closed = false;
    this.#pending = [...this.partitions.keys()];
    const closed = new AbortController();
    const self = this;
    async function* lanes(): AsyncGenerator<LaneReader<Numbered>> {
      for (;;) {
        const partition = self.#pending.shift();
        if (closed.signal.aborted) return;
        if (partition !== undefined) {
          const cuts = ctx.cuts?.get(partition)?.map(({ resume }) => Number.parseInt(resume, 16));
          yield self.#reader(partition, ctx.checkpoints.get(partition)?.position.resume, cuts);
        } else {
          await new Promise<void>((resolve) => {
            self.#announce = resolve;
            closed.signal.addEventListener('abort', () => resolve());
          });
        }
      }
    }
    return {
      identity: 'cluster-1',
      lanes,
      head: async () =>
        new Map([...this.#assigned.keys()].map((p) => [p, { resume: paddedPosition(this.#end(p)), within: 0 }])),
      [Symbol.asyncDispose]: async () => {
        this.#closed = true;
        closed.abort();
        for (const { stop } of this.#assigned.values()) stop.abort();
        this.#assigned.clear();
        this.#announce?.();
      },
    };
  }

  #end(partition: string): number {
    return this.partitions.get(partition) ?? 0;
  }

  #reader(partition: string, resume: string | undefined, cuts: readonly number[] = []): LaneReader<Numbered> {
    this.#generation += 1n;
    const generation = this.#generation;
    const stop = new AbortController();
    let revoke: (revocation: Revocation) => void = () => {};
    const revoked = new Promise<Revocation>((resolve) => {
      revoke = resolve;
    });
    this.#assigned.set(partition, { generation, revoke, stop });
    // As a Kafka consumer does: what the group has committed decides, or the runtime's checkpoint where it is ahead.
    const from = Math.max(this.committed.get(partition) ?? 0, resume === undefined ? 0 : Number.parseInt(resume, 16));
    const frames = (): AsyncIterable<Frame<Numbered>> => this.#frames(partition, from, cuts, stop.signal);
    return {
      lane: partition,
      generation,
      revoked,
      frames,
      confirm: async (upTo) => {
        const offset = Number.parseInt(upTo.resume, 16);
        if (this.#assigned.get(partition)?.generation !== generation) {
          this.violations.push(`a stale generation committed ${partition}@${offset}`);
          return;
        }
        if (offset < (this.committed.get(partition) ?? 0)) this.violations.push(`${partition} went back to ${offset}`);
        this.committed.set(partition, offset);
      },
    };
  }

  async *#frames(
    partition: string,
    from: number,
    cuts: readonly number[],
    stop: AbortSignal,
  ): AsyncGenerator<Frame<Numbered>> {
    const end = this.#end(partition);
    for (let at = from; at < end && !stop.aborted; ) {
      const count = Math.min(this.batch, end - at, ...cuts.filter((cut) => cut > at).map((cut) => cut - at));
      const events = Array.from({ length: count }, (_, n) => numbered(partition, at + n));
      at += count;
      const position = { resume: paddedPosition(at), within: 0 };
      yield { kind: 'batch', events, bytes: count * this.bytesPerEvent, position };
    }
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve());
    });
  }
}
