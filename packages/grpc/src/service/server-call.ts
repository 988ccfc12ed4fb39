import type { TraceContext } from '@sluice/contracts';

/** A call that a server answers. */
export interface ServerCall {
  /** `package.Service/Method` */
  readonly method: string;
  /** When the caller stops waiting, in Unix milliseconds; `Infinity` for a stream whose caller gave none. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more: the caller gave up or is gone, the deadline passed, a drain ran out of time. */
  readonly signal: AbortSignal;
  /** Aborted when the server begins to drain: a stream without an end of its own should end now. */
  readonly draining: AbortSignal;
  /** Where the caller is in a trace. */
  readonly trace: TraceContext | undefined;
  /** The caller's address and port. */
  readonly peer: string;
  /** The first value of a header (gRPC: metadata) that is text. Names are in lower case. */
  header(name: string): string | undefined;
}
