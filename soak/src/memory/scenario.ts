import type { Random } from '../random/random.js';

/** An operator that a random pipeline may have. */
export type Step = 'map' | 'filter' | 'hold' | 'partition' | 'slow' | 'aside' | 'poison';

/** How a life of an instance ends. */
export interface Life {
  readonly ms: number;
  readonly end: 'crash' | 'drain' | 'cut short' | 'freeze';
}

/** A random pipeline, and what befalls it. */
export interface Scenario {
  readonly source: 'log' | 'queue';
  readonly lanes: ReadonlyMap<string, number>;
  readonly maxFrame: number;
  readonly sinks: ReadonlyMap<string, 'plain' | 'idempotent' | 'atomic'>;
  readonly steps: readonly Step[];
  readonly onFailure: 'skip' | 'park';
  /** 0: none. */
  readonly poisonOneIn: number;
  readonly credits: { readonly bytes: number; readonly batches: number };
  readonly lives: readonly Life[];
  readonly faults: {
    readonly breaks: number;
    readonly waits: number;
    readonly revokes: number;
    readonly down: number;
    readonly some: number;
    readonly lostAnswer: number;
    readonly store: number;
  };
}

/** Makes a scenario from random numbers. */
export function randomScenario(random: Random): Scenario {
  const source = random.pick(['log', 'log', 'log', 'queue'] as const);
  const deliveries = ['plain', 'idempotent', 'atomic'] as const;
  const rough = random.chance(0.7);
  const fault = (most: number) => (rough && random.chance(0.6) ? random.next() * most : 0);
  const steps: Step[] = ['map', 'filter', 'hold', 'partition', 'slow', 'aside', 'poison'];
  return {
    source,
    lanes: new Map(Array.from({ length: random.int(1, 4) }, (_, at) => [`lane${at}`, random.int(0, 250)])),
    maxFrame: random.pick([1, 5, 30]),
    sinks: new Map(
      Array.from({ length: random.pick([1, 1, 2, 3]) }, (_, at) => [`sink${at}`, random.pick(deliveries)]),
    ),
    steps: Array.from({ length: random.int(0, 3) }, () => random.pick(steps)),
    onFailure: random.pick(['skip', 'park'] as const),
    poisonOneIn: random.pick([0, 0, 20, 60]),
    credits: { bytes: random.pick([3_000, 10_000, 1_000_000]), batches: random.pick([1, 3, 1_000]) },
    lives: Array.from({ length: random.int(0, 4) }, () => ({
      ms: random.int(0, 60),
      end: random.pick(['crash', 'crash', 'drain', 'cut short', 'freeze'] as const),
    })),
    faults: {
      breaks: fault(0.05),
      waits: fault(0.3),
      revokes: fault(0.03),
      down: fault(0.15),
      some: fault(0.3),
      lostAnswer: fault(0.1),
      store: fault(0.02),
    },
  };
}
