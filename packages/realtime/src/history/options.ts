import type { ComponentError } from '@sluice/contracts';
import type { ChannelHistory } from './channel-history.js';

/** Options of `realtimeHub({ history })`. The limits hold for what is kept in memory. */
export interface HistoryOptions {
  /** Messages that a channel keeps. Default: 1,000. */
  readonly maxMessages?: number;
  /** Bytes that a channel keeps. Default: 1,048,576. */
  readonly maxBytes?: number;
  /** How long a message is kept, and a channel that nobody is in, in milliseconds. Default: 300,000. */
  readonly maxAgeMs?: number;
  /** Bytes that all channels keep together, about 400 more for each message and 1,000 for each channel; the oldest go first. Default: 67,108,864. */
  readonly maxTotalBytes?: number;
  /**
   * Names the offsets, for a hub whose publisher gives them: the same in every process whose offsets mean the same, so that a client can
   * recover from another one. Default: the store's, or a random one for offsets that the hub gives itself.
   */
  readonly epoch?: string;
  /** What is read when memory does not reach back far enough. Default: memory alone. */
  readonly store?: ChannelHistory;
  /** Messages asked of the store at once. Default: 100. */
  readonly pageSize?: number;
  /** Requests to the store at the same time, over all clients; others wait. Default: 8. */
  readonly maxReads?: number;
  /** How long one of them may take, in milliseconds; then it has failed, and the next has its turn. Default: 5,000. */
  readonly readTimeoutMs?: number;
  /** Called for each failure of the store (`REALTIME_HISTORY_FAILED`). Must not throw. */
  readonly onError?: (error: ComponentError) => void;
}

/** The limits of {@link HistoryOptions}. */
export interface HistoryLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly maxTotalBytes: number;
  readonly pageSize: number;
  readonly maxReads: number;
  readonly readTimeoutMs: number;
}

/** Their defaults. */
export const HISTORY_LIMITS: HistoryLimits = {
  maxMessages: 1_000,
  maxBytes: 1_048_576,
  maxAgeMs: 300_000,
  maxTotalBytes: 67_108_864,
  pageSize: 100,
  maxReads: 8,
  readTimeoutMs: 5_000,
};
