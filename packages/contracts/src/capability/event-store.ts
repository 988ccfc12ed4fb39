import type { Envelope } from '../event/envelope.js';
import type { Source } from '../source/source.js';

/** What a stream's version must be for an append to succeed. `any` never conflicts. */
export type ExpectedVersion = bigint | 'none' | 'exists' | 'any';

export interface NewEvent {
  readonly type: string;
  readonly data: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A conflict is a value, not an error: it tells the stream's version as it is. */
export type AppendResult =
  | { readonly outcome: 'appended'; readonly version: bigint; readonly position: bigint }
  | { readonly outcome: 'conflict'; readonly actual: bigint };

export interface Recorded<T = unknown> {
  readonly stream: string;
  /** Within the stream: 1, 2, 3… without gaps. */
  readonly version: bigint;
  readonly event: Envelope<T>;
}

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
