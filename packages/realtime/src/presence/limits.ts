/** Limits of presence; see `presence` of `attach`, which switches it on. */
export interface PresenceLimits {
  /** How long a member counts as there after its last connection has ended, in milliseconds: time to load a page anew. Default: 3,000. */
  readonly graceMs?: number;
  /** The most bytes of a member as JSON, its subject and its `info`. Default: 1,024. */
  readonly maxInfoBytes?: number;
  /** The most members that `presence.state` lists; its `total` counts all. Default: 100. */
  readonly maxListed?: number;
}

/** {@link PresenceLimits} with every default filled in. */
export type ResolvedPresenceLimits = Required<PresenceLimits>;

/** The defaults of {@link PresenceLimits}. */
export const PRESENCE_DEFAULTS: ResolvedPresenceLimits = { graceMs: 3_000, maxInfoBytes: 1_024, maxListed: 100 };
