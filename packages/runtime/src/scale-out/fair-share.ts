/** What an instance sees of the others. */
export interface Shares {
  /** Every instance that takes part, this one too. */
  readonly members: readonly string[];
  /** How many lanes each one holds. */
  readonly held: ReadonlyMap<string, number>;
  readonly lanes: number;
}

/**
 * How many lanes are due to `owner`: as many as to any other, or one more. Those that hold more keep the extra ones, so that as few
 * lanes as possible change hands; what all instances compute from the same picture adds up to all lanes.
 */
export function fairShare(owner: string, { members, held, lanes }: Shares): number {
  const all = [...new Set([...members, owner])];
  const ranked = all.sort((a, b) => (held.get(b) ?? 0) - (held.get(a) ?? 0) || (a < b ? -1 : 1));
  const extra = ranked.indexOf(owner) < lanes % all.length ? 1 : 0;
  return Math.floor(lanes / all.length) + extra;
}
