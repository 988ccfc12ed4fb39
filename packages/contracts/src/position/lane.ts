/** The name of one totally ordered sequence inside a source: a slot, a topic partition, a snapshot range. Unique in it. */
export type Lane = string;
