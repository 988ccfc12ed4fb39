import type { Lane, SourceContext } from '@sluice/contracts';

/** What one part of a merged source is told: of its own lanes only, by their own names. */
export function partOf(part: string, context: SourceContext): SourceContext {
  const { checkpoints, cuts } = context;
  return {
    ...context,
    checkpoints: new PartMap(part, checkpoints),
    ...(cuts ? { cuts: new PartMap(part, cuts) } : {}),
    notice: (message) => context.notice(`${part}: ${message}`),
  };
}

/** The name of a part's lane in the merged source. */
export function mergedLane(part: string, lane: Lane): Lane {
  return `${part}/${lane}`;
}

/** The lanes of one part. A view: what the whole learns later, about lanes that come back, is seen here too. */
class PartMap<V> implements ReadonlyMap<Lane, V> {
  constructor(
    private readonly part: string,
    private readonly whole: ReadonlyMap<Lane, V>,
  ) {}

  get size(): number {
    return [...this.keys()].length;
  }

  get(lane: Lane): V | undefined {
    return this.whole.get(mergedLane(this.part, lane));
  }

  has(lane: Lane): boolean {
    return this.whole.has(mergedLane(this.part, lane));
  }

  forEach(visit: (value: V, lane: Lane, map: ReadonlyMap<Lane, V>) => void): void {
    for (const [lane, value] of this) visit(value, lane, this);
  }

  *entries(): MapIterator<[Lane, V]> {
    const prefix = mergedLane(this.part, '');
    for (const [lane, value] of this.whole) if (lane.startsWith(prefix)) yield [lane.slice(prefix.length), value];
  }

  *keys(): MapIterator<Lane> {
    for (const [lane] of this.entries()) yield lane;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[Lane, V]> {
    return this.entries();
  }
}
