import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import type { CallsInProgress } from './calls-in-progress.js';

/** What became of the calls that were in progress. */
export interface GrpcDrainReport {
  /** Calls that had no answer when the time was over: their callers got UNAVAILABLE. */
  readonly givenUp: number;
  /** Handlers that had not ended even so; their signal is aborted. */
  readonly stillRunning: number;
}

/** How long statuses may take to leave when the time is over, in milliseconds. */
const FAREWELL_MS = 250;

/** Takes no more calls, lets those in progress end, within `timeoutMs`; then gives the rest up and closes what is left. */
export async function shutDown(server: Server, calls: CallsInProgress, timeoutMs: number): Promise<GrpcDrainReport> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const done = Promise.all([closed, calls.none()]);
  let givenUp = 0;
  if (!(await within(done, timeoutMs))) {
    givenUp = calls.giveUp();
    await within(done, FAREWELL_MS);
  }
  // Also after a clean end: a connection without a call may still be open.
  server.forceShutdown();
  return { givenUp, stillRunning: calls.size };
}

async function within(done: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([done.then(() => true), pause(ms, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
