import type { Headers } from '@sluice/contracts';

/** What BEGIN says, shared by the events of the transaction. */
export interface Transaction {
  /** Start of the commit record, which orders transactions. */
  readonly commitLsn: number;
  /** Microseconds since 2000-01-01 UTC. */
  readonly committedAt: number;
  readonly xid: number;
  /** From a `sluice.context` message at its start. */
  headers: Headers;
}

const EPOCH_2000_MS = 946_684_800_000;

/** Postgres counts microseconds since 2000; JavaScript milliseconds since 1970. What is below a millisecond is cut off. */
export function dateOf(micros: number): Date {
  return new Date(EPOCH_2000_MS + Math.floor(micros / 1000));
}

/** The same with all its digits. */
export function microsSince1970(micros: number): bigint {
  return BigInt(EPOCH_2000_MS) * 1_000n + BigInt(micros);
}
