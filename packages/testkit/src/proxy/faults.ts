import { ComponentError } from '@sluice/contracts';

/** What happens to the bytes of one direction. Absent members do nothing; each connection is treated alone. */
export interface Faults {
  /** Each piece arrives so much later, in milliseconds. Order is kept, throughput is not reduced. */
  readonly latencyMs?: number;
  /** On top of the latency, a random part of so many milliseconds, drawn for each piece. */
  readonly jitterMs?: number;
  /** At most so many bytes per second on each connection. */
  readonly bytesPerSecond?: number;
  /** Forwards in segments of random sizes up to so many bytes; 1: every byte alone. */
  readonly splitBytes?: number;
  /** Inverts the bits of bytes: of the one at an offset of the connection (from 0), or of each with a probability (0 to 1). */
  readonly corrupt?: { readonly at: number } | { readonly probability: number };
  /** Ends a connection once so many bytes were forwarded on it: by RST, or by FIN. */
  readonly cutAfter?: { readonly bytes: number; readonly by: 'reset' | 'end' };
  /** Nothing is read and nothing forwarded; the sender feels it once the buffers on the way are full. Nothing is lost. */
  readonly paused?: boolean;
  /**
   * What is sent disappears, the end (FIN, RST) too, as if the network were gone while both sockets stay open. A connection
   * that lost bytes so stays silent also after the fault is taken away: bytes do not come back.
   */
  readonly halfOpen?: boolean;
  /** Bytes pass, the sender's end (FIN) does not. */
  readonly swallowEnd?: boolean;
}

/** @throws ComponentError `OPTIONS_INVALID` naming the fault. */
export function checkFaults(faults: Faults): Faults {
  for (const name of Object.keys(faults)) {
    if (!KNOWN.has(name)) invalid(name, `unknown; known are ${[...KNOWN].join(', ')}`);
  }
  const { corrupt, cutAfter } = faults;
  atLeast(0, 'latencyMs', faults.latencyMs);
  atLeast(0, 'jitterMs', faults.jitterMs);
  atLeast(1, 'bytesPerSecond', faults.bytesPerSecond);
  atLeast(1, 'splitBytes', faults.splitBytes);
  if (corrupt !== undefined && 'at' in corrupt) atLeast(0, 'corrupt.at', corrupt.at);
  else if (corrupt !== undefined && !(corrupt.probability > 0 && corrupt.probability <= 1)) {
    invalid('corrupt.probability', 'above 0, at most 1');
  }
  if (cutAfter !== undefined) {
    atLeast(0, 'cutAfter.bytes', cutAfter.bytes);
    if (cutAfter.by !== 'reset' && cutAfter.by !== 'end') invalid('cutAfter.by', "'reset' or 'end'");
  }
  return { ...faults };
}

const KNOWN = new Set<string>([
  'latencyMs',
  'jitterMs',
  'bytesPerSecond',
  'splitBytes',
  'corrupt',
  'cutAfter',
  'paused',
  'halfOpen',
  'swallowEnd',
] satisfies (keyof Faults)[]);

function atLeast(least: number, name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isFinite(value) && value >= least)) invalid(name, `a number, at least ${least}`);
}

function invalid(name: string, wanted: string): never {
  throw new ComponentError('OPTIONS_INVALID', `faults.${name}: ${wanted}`);
}
