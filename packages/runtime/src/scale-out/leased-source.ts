import { hostname } from 'node:os';
import { ComponentError, type Lease, refuseUnknownOptions, type Source } from '@sluice/contracts';
import { type Clock, monotonic } from './clock.js';
import { LeaseDesk } from './lease-desk.js';
import { Membership } from './membership.js';
import { openShared } from './shared-lanes.js';
import type { Sharing } from './sharing.js';
import { openWhole } from './whole-source.js';

/** How instances share a source. */
export interface LeasedSourceOptions {
  /** Where it is written down who has what; the same for all instances. */
  readonly lease: Lease;
  /**
   * - `source`: one instance reads all of it, the others stand by.
   * - `lanes`: each instance reads its share of the lanes. For sources that may be opened several times at once, and whose lanes do not
   *   wait for each other.
   */
  readonly share: 'source' | 'lanes';
  /**
   * What the leases are called by, with the name of the source after it; the same for all instances. Default: the pipeline's name. Needed
   * where a pipeline merges several leased sources of one name.
   */
  readonly name?: string;
  /**
   * How long a lease lasts without a renewal, in milliseconds: so long after the crash of an instance another one goes on. It is renewed
   * after a quarter of it. Default: 15,000.
   */
  readonly ttlMs?: number;
  /** How often it is looked whether something has become free, in milliseconds. Default: a fifth of `ttlMs`, 1,000 at most. */
  readonly pollMs?: number;
  /** With `lanes`: how long a lane that is handed over may take to settle what is in flight, in milliseconds. Default: 10,000. */
  readonly graceMs?: number;
}

/**
 * A source that several instances of a service share by a lease: each lane is read by one of them at a time.
 *
 * An instance that can't renew its lease brings what is in flight to an end before the lease does; one that was frozen and wakes up
 * too late passes on and confirms nothing more, gives its lanes up and stands by. What it had already given to a sink may still
 * be written: a sink that fences (atomic) or compares versions (idempotent) refuses or ignores that, a plain one does not.
 *
 * @throws ComponentError `OPTIONS_INVALID`; opening rejects as the source and the lease do, and with `LEASE_LOST`; lanes
 * that wait for others are `LEASE_LANES_DEPEND` with `share: 'lanes'`.
 */
export function leasedSource<T>(source: Source<T>, options: LeasedSourceOptions): Source<T> {
  return sharedBy(source, options, monotonic);
}

/** {@link leasedSource} by another clock. */
export function sharedBy<T>(source: Source<T>, options: LeasedSourceOptions, clock: Clock): Source<T> {
  refuseUnknownOptions('leasedSource', options, ['lease', 'share', 'name', 'ttlMs', 'pollMs', 'graceMs']);
  const { lease, share, name } = options;
  if (typeof lease?.acquire !== 'function') invalid('`lease` must be a Lease');
  if (share !== 'source' && share !== 'lanes') invalid("`share` must be 'source' or 'lanes'");
  if (share === 'lanes' && source.features.ack === 'individual') {
    invalid("`share: 'lanes'` is not for a source whose events are acked singly: it shares them out itself");
  }
  if (name !== undefined && !/^[\w.:-]{1,200}$/.test(name)) {
    invalid('`name` has 1 to 200 letters, digits and any of _ . : -');
  }
  const ttlMs = positive('ttlMs', options.ttlMs ?? 15_000);
  const pollMs = positive('pollMs', options.pollMs ?? Math.min(1_000, ttlMs / 5));
  const graceMs = positive('graceMs', options.graceMs ?? 10_000);
  const desk = new LeaseDesk({ lease, ttlMs, clock });
  const instance = `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2, 10)}`;
  let openings = 0;
  return {
    name: source.name,
    features: { ...source.features, shared: true },
    open(ctx) {
      openings += 1;
      // A pipeline may merge several; the name of a source may have any character.
      const prefix = `${name ?? ctx.pipeline}/${encodeURIComponent(source.name)}/`;
      const sharing: Sharing = { name: source.name, prefix, owner: `${instance}/${openings}`, pollMs, graceMs, clock };
      if (share === 'source') return openWhole(source, desk, sharing, ctx);
      return openShared({ source, desk, membership: new Membership(lease, ttlMs, sharing), sharing, ctx });
    },
  };
}

function positive(option: string, ms: number): number {
  if (Number.isFinite(ms) && ms > 0 && ms <= 86_400_000) return ms;
  return invalid(`\`${option}\` must be above 0, a day at most`);
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', `leasedSource: ${message}`);
}
