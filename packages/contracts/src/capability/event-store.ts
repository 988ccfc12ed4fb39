import type { Envelope } from '../event/envelope.js';
import type { Source } from '../source/source.js';

/** What a stream's version must be for an append to succeed. `any` never conflicts. */
export type ExpectedVersion = bigint | 'none' | 'exists' | 'any';

/** An event as the caller of `append` gives it; the store adds stream, version and position. */
export interface NewEvent {
  readonly type: string;
  readonly data: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A conflict is a value, not an error: it tells the stream's version as it is. */
export type AppendResult =
  | { readonly outcome: 'appended'; readonly version: bigint; readonly position: bigint }
  | { readonly outcome: 'conflict'; readonly actual: bigint };

/** An event as it was read back from its stream. */
export interface Recorded<T = unknown> {
  readonly stream: string;
  /** Within the stream: 1, 2, 3… without gaps. */
  readonly version: bigint;
  readonly event: Envelope<T>;
}

/** Which part of a stream to read; both ends are included. */
export interface ReadOptions {
  /** First version to read. Default: 1. */
  readonly from?: bigint;
  /** Last version to read. Default: the newest. */
  readonly to?: bigint;
}

/** Appends events to streams, with optimistic concurrency. */
export interface EventStore {
  append(
    stream: string,
    events: readonly NewEvent[],
    options: { readonly expected: ExpectedVersion },
  ): Promise<AppendResult>;
  read(stream: string, options?: ReadOptions): AsyncIterable<Recorded>;
  source(): Source<unknown>;
}
