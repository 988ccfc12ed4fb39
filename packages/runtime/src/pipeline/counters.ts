/** Events since the pipeline was made, over all its generations. */
export interface Counters {
  /** Read from the source; those that were delivered again count again. */
  received: number;
  /** Durable in the sink. */
  written: number;
  deadLetters: number;
  /** Writes, saves and openings that were tried again. */
  retries: number;
  /** How often the source and the sink were opened. */
  generations: number;
}
