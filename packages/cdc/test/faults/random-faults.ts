import { waitFor } from '@sluice/testkit';
import type { FaultProxy, Faults } from '@sluice/testkit/proxy';

/** A number in [0, 1), always the same sequence for the same seed. */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed % 2147483647 || 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Makes one of the lines bad in a random way, for a moment, and good again. Resolves with what it did. */
export async function disturb(lines: readonly FaultProxy[], random: Random): Promise<string> {
  const line = lines[Math.floor(random() * lines.length)] as FaultProxy;
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const kind = kinds[Math.floor(random() * kinds.length)] as keyof typeof KINDS;
  const both = (faults: Faults) => {
    line.up.set(faults);
    line.down.set(faults);
  };
  KINDS[kind](line, both, random);
  await passing(50 + random() * 250);
  await line.heal();
  return kind;
}

const KINDS = {
  reset: (line: FaultProxy) => line.reset(),
  refused: (line: FaultProxy) => {
    line.reset();
    line.refuse();
  },
  'half-open': (_: FaultProxy, both: Both) => both({ halfOpen: true }),
  'half-open up': (line: FaultProxy) => line.up.set({ halfOpen: true }),
  'half-open down': (line: FaultProxy) => line.down.set({ halfOpen: true }),
  'no end': (line: FaultProxy, both: Both) => {
    both({ swallowEnd: true });
    line.connections[0]?.end();
  },
  split: (_: FaultProxy, both: Both, random: Random) => both({ splitBytes: 1 + Math.floor(random() * 30) }),
  late: (_: FaultProxy, both: Both, random: Random) => both({ latencyMs: 20 * random(), jitterMs: 20 }),
  slow: (_: FaultProxy, both: Both) => both({ bytesPerSecond: 100_000 }),
  paused: (_: FaultProxy, both: Both) => both({ paused: true }),
  cut: (line: FaultProxy, _: Both, random: Random) => {
    const sent = Math.max(0, ...line.connections.map((one) => one.bytesDown));
    const by = random() < 0.5 ? 'reset' : 'end';
    line.down.set({ cutAfter: { bytes: sent + Math.floor(random() * 20_000), by } });
  },
} satisfies Record<string, (line: FaultProxy, both: Both, random: Random) => void>;

type Both = (faults: Faults) => void;

export function passing(ms: number): Promise<unknown> {
  const until = performance.now() + ms;
  return waitFor(() => performance.now() >= until, { what: 'a moment to pass', timeoutMs: ms + 10_000 });
}
