import type { DeadLetter } from '@sluice/contracts';
import type { Scenario } from './scenario.js';
import { type Applied, keyOfItem, type World } from './world.js';

/** What is wrong with the world once everything is done; nothing, when all promises were kept. */
export function judge(scenario: Scenario, world: World, letters: readonly DeadLetter[]): string[] {
  const wrong = [...world.violations];
  for (const [sink, delivery] of scenario.sinks) {
    const applied = world.applied.get(sink) ?? [];
    const buried = new Set(letters.filter((letter) => letter.sink === sink).map(({ event }) => event.id));
    wrong.push(...missing(world, sink), ...unknown(world, sink, applied));
    if (delivery === 'atomic' && scenario.source === 'log') wrong.push(...repeated(sink, applied, buried));
    if (scenario.source === 'queue') continue;
    const exempt = scenario.onFailure === 'skip' ? buried : NONE;
    if (delivery === 'atomic') wrong.push(...disordered(sink, applied, exempt, letters));
    const frozen = scenario.lives.some(({ end }) => end === 'freeze');
    if (delivery === 'plain' && !frozen) wrong.push(...stale(world, sink, applied, exempt, letters));
  }
  return wrong;
}

const NONE: ReadonlySet<string> = new Set();

function missing(world: World, sink: string): string[] {
  const lost: string[] = [];
  for (const item of world.items()) {
    if (world.wanted(item) && !world.has(sink, `${item.lane}-${item.n}`)) lost.push(`${item.lane}-${item.n}`);
  }
  return lost.length === 0 ? [] : [`${sink} lacks ${lost.length} events: ${lost.slice(0, 10).join(', ')}`];
}

function unknown(world: World, sink: string, applied: readonly Applied[]): string[] {
  const invented = applied.filter(({ item }) => !world.wanted(item));
  return invented.length === 0 ? [] : [`${sink} has ${invented.length} events that were filtered out`];
}

function repeated(sink: string, applied: readonly Applied[], buried: ReadonlySet<string>): string[] {
  const seen = new Set<string>();
  const twice = applied.filter(({ id }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return false;
    }
    return !buried.has(id); // a replay is at least once
  });
  return twice.length === 0 ? [] : [`${sink} applied ${twice.length} events twice, the first being ${twice[0]?.id}`];
}

/** The first application of each event comes after those of the earlier ones of its key. */
function disordered(
  sink: string,
  applied: readonly Applied[],
  exempt: ReadonlySet<string>,
  letters: readonly DeadLetter[],
): string[] {
  const newest = new Map<string, number>();
  const seen = new Set<string>();
  for (const { id, item, key } of applied) {
    if (key === undefined || seen.has(id) || exempt.has(id)) continue;
    seen.add(id);
    const before = newest.get(key) ?? -1;
    if (item.n < before) {
      return [`${sink} applied ${id} after number ${before} of its key`, ...historyOf(sink, key, applied, letters)];
    }
    newest.set(key, item.n);
  }
  return [];
}

/** What was applied last to a key is the newest event of it. */
function stale(
  world: World,
  sink: string,
  applied: readonly Applied[],
  exempt: ReadonlySet<string>,
  letters: readonly DeadLetter[],
): string[] {
  const last = new Map<string, number>();
  for (const { key, item, id } of applied) if (key !== undefined && !exempt.has(id)) last.set(key, item.n);
  const newest = new Map<string, number>();
  for (const item of world.items()) {
    const key = keyOfItem(item);
    if (key !== undefined && world.wanted(item) && !exempt.has(`${item.lane}-${item.n}`)) newest.set(key, item.n);
  }
  const old = [...newest].filter(([key, n]) => last.get(key) !== n);
  const [first] = old;
  if (first === undefined) return [];
  const [key] = first;
  return [
    `${sink} ends with an old event of ${old.length} keys, the first being ${key}`,
    ...historyOf(sink, key, applied, letters),
  ];
}

/** What was applied to a key, by which instance, and what was kept of it among the dead letters. */
function historyOf(sink: string, key: string, applied: readonly Applied[], letters: readonly DeadLetter[]): string[] {
  const own = applied.filter((one) => one.key === key).map(({ item, by }) => `${item.n} by ${by}`);
  const kept = letters
    .filter((letter) => letter.sink === sink && letter.event.key === key)
    .map(
      ({ id, event, stage, cause, attempts }) =>
        `letter ${id}: ${event.id}, ${stage}, ${cause.code}, tried ${attempts}`,
    );
  return [`applied: ${own.join(', ')}`, ...kept];
}
