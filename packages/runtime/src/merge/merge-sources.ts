import { ComponentError, type Source, type SourceContext, type SourceFeatures } from '@sluice/contracts';
import { MergedSession } from './merged-session.js';
import { partOf } from './part-of.js';

type EventOf<S> = S extends Source<infer T> ? T : never;

/**
 * One source that is made of several: a pipeline reads them side by side, into one sink.
 *
 * - The lanes of a part have its name before their own: `orders/slot:orders`. So each part keeps its own checkpoints, also
 *   when others are added or taken away.
 * - Order is that of each part; between two parts there is none, also for events with the same key.
 * - A part that ends leaves the others running. One that fails ends the session of all, which are then opened anew.
 *
 * @throws ComponentError `OPTIONS_INVALID` without parts, for a name that is not made of 1 to 100 letters, digits, `_`, `.`
 * and `-`, and when the parts do not ack in the same way.
 */
export function mergeSources<const Parts extends Readonly<Record<string, Source<unknown>>>>(
  parts: Parts,
): Source<EventOf<Parts[keyof Parts]>> {
  const named = Object.entries(parts);
  const features = featuresOf(named);
  const name = named.map(([part, source]) => `${part}=${source.name}`).join(',');
  const source: Source<unknown> = { name: `merge(${name})`, features, open: (context) => openAll(named, context) };
  return source as Source<EventOf<Parts[keyof Parts]>>;
}

async function openAll(parts: readonly (readonly [string, Source<unknown>])[], context: SourceContext) {
  const opened = await Promise.allSettled(
    parts.map(async ([part, source]) => ({ part, session: await source.open(partOf(part, context)) })),
  );
  const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const merged = new MergedSession(sessions);
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    merged.refuseForeign(context.checkpoints);
    return merged;
  } catch (error) {
    await merged[Symbol.asyncDispose]();
    throw error;
  }
}

function featuresOf(parts: readonly (readonly [string, Source<unknown>])[]): SourceFeatures {
  const [first] = parts;
  if (first === undefined) throw new ComponentError('OPTIONS_INVALID', 'mergeSources needs a source');
  const { ack } = first[1].features;
  let visibility = Number.POSITIVE_INFINITY;
  for (const [part, { features }] of parts) {
    if (!/^[\w.-]{1,100}$/.test(part)) throw invalid(part, 'has a name other than 1 to 100 letters, digits, _ . -');
    if (features.ack !== ack) throw invalid(part, `acks in another way (${features.ack}) than ${first[0]} (${ack})`);
    visibility = Math.min(visibility, features.visibilityTimeoutMs ?? visibility);
  }
  return {
    ack,
    replayable: parts.every(([, { features }]) => features.replayable),
    ...(Number.isFinite(visibility) ? { visibilityTimeoutMs: visibility } : {}),
    ...(parts.some(([, { features }]) => features.shared) ? { shared: true } : {}),
  };
}

function invalid(part: string, message: string): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `mergeSources: part \`${part}\` ${message}`, {
    details: { option: part },
  });
}
