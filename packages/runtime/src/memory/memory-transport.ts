import { type Checkpoint, carryTrace, type LaneReader, type Source, type Transport } from '@sluice/contracts';
import { eventAt, memoryBytes, memoryLane, memoryPosition } from './memory-lane.js';
import { MemoryLog } from './memory-log.js';

/** What a memory transport is made with. */
export interface MemoryTransportOptions {
  /** Events of a batch, at most. Default: 100. */
  readonly batch?: number;
  /** Events that a topic holds, at most, until every group has confirmed them; `publish` rejects above it. Default: 100,000. */
  readonly capacity?: number;
}

interface Group {
  /** The next event of each topic that the group has not confirmed. */
  readonly confirmed: Map<string, number>;
  /** Topics that a member reads now. */
  readonly taken: Set<string>;
  /** Members that wait for a topic. */
  waiting: (() => void)[];
}

/**
 * A transport within one process. Each topic is one lane, read by one member of a group at a time; when that one closes,
 * another takes over from what was confirmed. A group begins with the oldest event that is still there.
 */
export function memoryTransport({ batch = 100, capacity = 100_000 }: MemoryTransportOptions = {}): Transport {
  const topics = new Map<string, MemoryLog<Uint8Array>>();
  const groups = new Map<string, Group>();
  let generation = 0n;

  const topic = (name: string) => ensure(topics, name, () => new MemoryLog<Uint8Array>(name, capacity));
  const trim = (name: string) => {
    const confirmed = [...groups.values()].flatMap((group) => group.confirmed.get(name) ?? []);
    topic(name).trim(Math.min(...confirmed));
  };

  function subscribe(names: readonly string[], groupName: string): Source<Uint8Array> {
    const group = ensure(groups, groupName, newGroup);
    for (const name of names) ensure(group.confirmed, name, () => topic(name).first);
    return {
      name: `memory:${groupName}`,
      features: { ack: 'cumulative', replayable: true },
      async open({ checkpoints, cuts, maxBatchBytes, signal }) {
        const closed = new AbortController();
        const both = AbortSignal.any([signal, closed.signal]);
        const mine = new Set<string>();
        async function* lanes(): AsyncGenerator<LaneReader<Uint8Array>> {
          while (!both.aborted && mine.size < names.length) {
            const free = names.find((name) => !group.taken.has(name));
            if (free === undefined) {
              await turn(group, both);
              continue;
            }
            group.taken.add(free);
            mine.add(free);
            generation += 1n;
            yield memoryLane({
              log: topic(free),
              from: startOf(checkpoints.get(free)) ?? group.confirmed.get(free) ?? 0,
              given: group.confirmed.get(free) ?? 0,
              generation,
              batch,
              bytesPerEvent: 1024,
              maxBatchBytes,
              cuts: cuts?.get(free),
              signal: both,
              confirmed: (upTo) => {
                if (!mine.has(free)) return;
                group.confirmed.set(free, Math.max(group.confirmed.get(free) ?? 0, upTo));
                trim(free);
              },
            });
          }
        }
        return {
          identity: `memory:${groupName}`,
          lanes,
          bytesBetween: (_, from, to) => memoryBytes(from, to, 1024),
          head: async () => new Map([...mine].map((name) => [name, memoryPosition(topic(name).end)])),
          async [Symbol.asyncDispose]() {
            closed.abort();
            for (const name of mine) group.taken.delete(name);
            mine.clear();
            for (const look of group.waiting.splice(0)) look();
          },
        };
      },
    };
  }

  return {
    name: 'memory',
    features: { ack: 'cumulative', orderedByKey: true, durable: false, groups: true },
    async publisher() {
      return {
        async publish(name, events, context) {
          topic(name).append(carryTrace(events, context?.trace));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
    subscribe: (options) => subscribe(options.topics, options.group),
  };
}

function startOf(checkpoint: Checkpoint | null | undefined): number | undefined {
  return checkpoint ? eventAt(checkpoint.position) : undefined;
}

function newGroup(): Group {
  return { confirmed: new Map(), taken: new Set(), waiting: [] };
}

function ensure<V>(map: Map<string, V>, name: string, make: () => V): V {
  const found = map.get(name);
  if (found !== undefined) return found;
  const made = make();
  map.set(name, made);
  return made;
}

/** Resolves when a member of the group has given a topic back, or `signal` is aborted. */
function turn(group: Group, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      signal.removeEventListener('abort', look);
      resolve();
    };
    signal.addEventListener('abort', look);
    group.waiting.push(look);
  });
}
