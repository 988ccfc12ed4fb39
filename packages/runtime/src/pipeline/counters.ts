/** Events since the pipeline was made, over all its generations. */
export interface Counters {
  /** Read from the source; those that were delivered again count again. */
  received: number;
  /** Durable in the sink. */
  written: number;
  /** Put among the dead letters, those that only follow others of their key included. */
  deadLetters: number;
  /** Replayed from there, and durable in the sink. */
  replayed: number;
  /** Dropped, as `onFailure: skip` without a dead-letter store says. */
  skipped: number;
  /** Writes, saves and openings that were tried again. */
  retries: number;
  /** How often the source and the sink were opened. */
  generations: number;
}
