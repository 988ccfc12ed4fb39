import { ComponentError, type Envelope } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { eachBatch } from './each-batch.js';

/** Turns the data of one version of an event into the next one's. Pure, and right for whatever that version could hold. */
export type Upcaster = (data: never, event: Envelope<never>) => unknown;

/** For each type of event, the upcasters by the version that they start from; each leads to the next version. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

/** The header that holds the version of an event's schema, in decimals. */
export const SCHEMA_VERSION = 'schema-version';

/**
 * Brings events of older versions to the newest: one upcaster after the other, from the event's version on. The newest version
 * of a type is one above its last upcaster. Events of other types, and deletions, pass as they are.
 *
 * The version of an event is its header `schema-version`; without it the end of its type (`invoice-sent.v2` is version 2 of
 * `invoice-sent`); else 1. What comes out says its version where it was said before, by header where it was not said at all.
 *
 * An event of a version that no upcaster starts from, a newer one too, goes to the dead letters (or fails the pipeline) with
 * `EVENT_VERSION_UNKNOWN`; one whose upcaster throws with what was thrown.
 *
 * Order: as received. Throws: `OPTIONS_INVALID` at once, when the upcasters of a type leave a version out.
 */
export function upcastEvents<T, U>(upcasters: Upcasters): OperatorFunction<Delivery<T>, Delivery<U>> {
  const chains = new Map(Object.entries(upcasters).map(([type, steps]) => [type, chainOf(type, steps)]));
  return eachBatch('upcastEvents', (events: readonly Envelope<T>[], failures) => {
    const made: Envelope<U>[] = [];
    for (const event of events) {
      try {
        made.push(event.data === null ? (event as Envelope<never>) : upcast<U>(event, chains));
      } catch (cause) {
        failures.push({ event, cause });
      }
    }
    return made;
  });
}

interface Chain {
  readonly first: number;
  readonly steps: readonly Upcaster[];
}

function chainOf(type: string, steps: Readonly<Record<number, Upcaster>>): Chain {
  const versions = Object.keys(steps).map(Number);
  versions.sort((a, b) => a - b);
  const first = versions[0] ?? 1;
  if (versions.some((version, at) => !Number.isSafeInteger(version) || version < 1 || version !== first + at)) {
    throw new ComponentError('OPTIONS_INVALID', `upcastEvents: the versions of \`${type}\` must follow each other`);
  }
  return { first, steps: versions.map((version) => steps[version] as Upcaster) };
}

function upcast<U>(event: Envelope<unknown>, chains: ReadonlyMap<string, Chain>): Envelope<U> {
  const { base, version, suffixed } = versionOf(event, chains);
  const chain = chains.get(base);
  if (chain === undefined) return event as Envelope<U>;
  const newest = chain.first + chain.steps.length;
  if (!(version >= chain.first && version <= newest)) {
    throw new ComponentError('EVENT_VERSION_UNKNOWN', `version ${version} of ${base}; ${newest} is the newest known`, {
      details: { type: base, version, oldest: chain.first, newest },
    });
  }
  if (version === newest) return event as Envelope<U>;
  let data: unknown = event.data;
  for (let at = version; at < newest; at++) {
    const step = chain.steps[at - chain.first] as (data: unknown, event: Envelope<unknown>) => unknown;
    data = step(data, event);
  }
  return suffixed
    ? event.with(data as U, { type: `${base}.v${newest}` })
    : event.with(data as U, { headers: { [SCHEMA_VERSION]: String(newest) } });
}

function versionOf(event: Envelope<unknown>, chains: ReadonlyMap<string, Chain>) {
  const { type, headers } = event;
  const said = headers[SCHEMA_VERSION];
  if (said !== undefined)
    return { base: type, version: /^[1-9]\d{0,8}$/.test(said) ? Number(said) : 0, suffixed: false };
  const [, base = '', suffix] = /^(.+)\.v([1-9]\d{0,8})$/.exec(type) ?? [];
  if (suffix !== undefined && !chains.has(type)) return { base, version: Number(suffix), suffixed: true };
  return { base: type, version: 1, suffixed: false };
}
