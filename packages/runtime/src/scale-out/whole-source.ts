import type { LaneReader, Source, SourceContext, SourceFeatures, SourceSession } from '@sluice/contracts';
import { pauseFor } from './clock.js';
import { gate } from './gate.js';
import { HeldLease } from './held-lease.js';
import type { LeaseDesk } from './lease-desk.js';
import { type LeasedLane, leasedLane } from './leased-lane.js';
import { failureTold, leaseLost, type Sharing } from './sharing.js';

/**
 * Opens a source that one instance reads: waits until the lease is ours, and reads the checkpoints only then. When the lease is
 * lost, every lane is revoked and the session fails with `LEASE_LOST`, so that the pipeline stands by again.
 */
export async function openWhole<T>(
  source: Source<T>,
  desk: LeaseDesk,
  sharing: Sharing,
  ctx: SourceContext,
): Promise<SourceSession<T>> {
  const held = await turn(desk, sharing, ctx);
  const lost = new AbortController();
  // While it is being opened there is no lane to revoke.
  void held.ending.then(() => lost.abort(leaseLost(sharing.name)));
  try {
    await ctx.refresh?.();
    const opening = new AbortController();
    const giveUp = () => opening.abort(lost.signal.reason);
    lost.signal.addEventListener('abort', giveUp);
    if (lost.signal.aborted) giveUp();
    const inner = await source.open({ ...ctx, signal: AbortSignal.any([ctx.signal, opening.signal]) });
    // From here on lanes are revoked first, and the session is closed after that.
    lost.signal.removeEventListener('abort', giveUp);
    return new WholeSession(inner, { held, desk, name: sharing.name, ack: source.features.ack });
  } catch (error) {
    await desk.release(held);
    throw lost.signal.aborted ? lost.signal.reason : error;
  }
}

/** Resolves when it is our turn. */
async function turn(desk: LeaseDesk, sharing: Sharing, ctx: SourceContext): Promise<HeldLease> {
  const { signal, notice, standby } = ctx;
  const told = failureTold(sharing, ctx);
  let holder: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const answer = await desk.acquire(`${sharing.prefix}source`, sharing.owner, told);
    if (answer instanceof HeldLease) {
      standby?.(undefined);
      ctx.standby?.(undefined);
      if (!signal.aborted) return answer;
      await desk.release(answer);
    } else {
      ctx.standby?.(`${answer.by} reads ${sharing.name}`);
      if (answer.by !== holder) notice(`stands by: ${answer.by} reads ${sharing.name}`);
      holder = answer.by;
      standby?.(`${holder} reads ${sharing.name}`);
      await pauseFor(Math.min(sharing.pollMs, Math.max(1, answer.remainingMs)), sharing.clock, signal);
    }
  }
}

interface WholeParts {
  readonly held: HeldLease;
  readonly desk: LeaseDesk;
  readonly name: string;
  readonly ack: SourceFeatures['ack'];
}

class WholeSession<T> implements SourceSession<T> {
  readonly identity: string;
  readonly identityOf?: (lane: string) => string;
  readonly bytesBetween?: NonNullable<SourceSession<T>['bytesBetween']>;
  readonly #lanes = new Set<LeasedLane<T>>();
  readonly #closed = gate();
  /** Whether the lease comes to an end, or has. */
  #ending = false;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly inner: SourceSession<T>,
    private readonly parts: WholeParts,
  ) {
    this.identity = inner.identity;
    if (inner.identityOf) this.identityOf = (lane) => inner.identityOf?.(lane) ?? inner.identity;
    if (inner.bytesBetween) this.bytesBetween = (lane, from, to) => inner.bytesBetween?.(lane, from, to);
    // Where no more lanes come, the loop over them ends only with the session.
    const ended = parts.held.ending.then(async () => {
      this.#ending = true;
      await this.#givenBack();
      await inner[Symbol.asyncDispose]();
    });
    ended.catch(() => 'it is closed once more, and says so then');
  }

  async *lanes(): AsyncGenerator<LaneReader<T>> {
    const { held, ack, name } = this.parts;
    for await (const reader of this.inner.lanes()) {
      if (this.#closing || !held.live || this.#ending) break;
      const lane = leasedLane(reader, held, ack);
      this.#lanes.add(lane);
      void lane.gone.then(() => this.#lanes.delete(lane));
      yield lane.reader;
    }
    // Until the last one has ended it may yet be lost; the pipeline must not take that for the end of the source.
    await this.#givenBack();
    if (this.#closing === undefined && (this.#ending || !held.live)) throw leaseLost(name);
  }

  head(): ReturnType<SourceSession<T>['head']> {
    return this.inner.head();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves when all lanes were given back or have ended. */
  async #givenBack(): Promise<void> {
    await Promise.race([Promise.all([...this.#lanes].map(({ gone }) => gone)), this.#closed.promise]);
  }

  async #close(): Promise<void> {
    for (const lane of this.#lanes) lane.close();
    this.#closed.keep();
    try {
      await this.inner[Symbol.asyncDispose]();
    } finally {
      await this.parts.desk.release(this.parts.held);
    }
  }
}
