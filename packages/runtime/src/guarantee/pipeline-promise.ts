import type { CheckpointStore, SinkFeatures, SourceFeatures } from '@sluice/contracts';
import type { FailurePolicy } from '../dead-letters/failure-policy.js';
import { countsOnce, type Guarantee, guaranteeOf, weakestGuarantee } from './guarantee.js';

/** What a pipeline promises, computed from its parts and options. Of a routed pipeline: what all of its branches promise. */
export interface PipelinePromise {
  readonly delivery: Guarantee;
  /** Whether the sink is given the events of one key in the order of the source's lane; repetitions aside. */
  readonly order: 'per key' | 'none';
  /** What becomes of an event that can't be processed. */
  readonly failed: 'stops the pipeline' | 'becomes a dead letter' | 'parks its key' | 'is dropped';
  /** Whether a process that starts after this one goes on where it was; else it begins as if there had been none. */
  readonly durable: boolean;
  /** What an instance can do that was frozen, woke up, and does not know yet that another has taken over. */
  readonly frozenOwner: 'cannot change the outcome' | 'may write late';
  /** The reasons, one sentence each. */
  readonly because: readonly string[];
}

/** The parts and options that decide what a pipeline promises. */
export interface PromiseParts {
  readonly source: { readonly name: string; readonly features: SourceFeatures };
  readonly sink: { readonly name: string; readonly features: SinkFeatures };
  readonly checkpoints: CheckpointStore | undefined;
  readonly hasDeadLetters: boolean;
  readonly onFailure: FailurePolicy;
  readonly unordered: boolean;
}

/** Computes the promise. `partitionByKey` and `batchBy` change nothing about it: they keep the order of a key. */
export function promiseOf(parts: PromiseParts): PipelinePromise {
  const { source, sink, unordered, onFailure, hasDeadLetters } = parts;
  const { ack } = source.features;
  const durable = ack === 'individual' || sink.features.delivery === 'atomic' || parts.checkpoints?.durable !== false;
  const because = [
    source.features.replayable
      ? `${source.name} can be read again: nothing is lost`
      : `${source.name} can't be read again: what is in flight when the process dies is lost`,
    repetition(parts),
    ...(unordered ? ['the pipeline is declared `unordered`'] : []),
    ...(ack === 'individual'
      ? [`${source.name} acks each event singly: one that is given back comes after later ones`]
      : []),
    ...(durable ? [] : ['the checkpoint store is gone with the process']),
    ...(dropsEvents(parts)
      ? ['`onFailure` is skip without `deadLetters`: events that fail are dropped on purpose']
      : []),
  ];
  const failed = {
    stop: 'stops the pipeline',
    park: 'parks its key',
    skip: hasDeadLetters ? 'becomes a dead letter' : 'is dropped',
  } as const;
  return {
    delivery: guaranteeOf(source.features, sink.features),
    order: unordered || ack === 'individual' ? 'none' : 'per key',
    failed: failed[onFailure],
    durable,
    frozenOwner: countsOnce(source.features, sink.features) ? 'cannot change the outcome' : 'may write late',
    because,
  };
}

/** What all of several promise; reasons name the branch that they are about. */
export function promiseOfAll(branches: ReadonlyMap<string, PipelinePromise>): PipelinePromise {
  const all = [...branches.values()];
  const failures = ['is dropped', 'becomes a dead letter', 'parks its key', 'stops the pipeline'] as const;
  return {
    delivery: weakestGuarantee(all.map(({ delivery }) => delivery)),
    order: all.every(({ order }) => order === 'per key') ? 'per key' : 'none',
    failed: failures.find((one) => all.some(({ failed }) => failed === one)) ?? 'stops the pipeline',
    durable: all.every(({ durable }) => durable),
    frozenOwner: all.some(({ frozenOwner }) => frozenOwner === 'may write late')
      ? 'may write late'
      : 'cannot change the outcome',
    because: [...branches].flatMap(([branch, { because }]) => because.map((reason) => `${branch}: ${reason}`)),
  };
}

function repetition({ source, sink }: PromiseParts): string {
  const { delivery } = sink.features;
  if (delivery === 'idempotent') return `${sink.name} compares versions: what is written again changes nothing`;
  if (delivery === 'plain') return `${sink.name} is plain: what is written again counts again`;
  return source.features.ack === 'cumulative'
    ? `${sink.name} stores the position in the same transaction as the events, fenced: nothing is written again`
    : `${source.name} has no position that ${sink.name} could store with the events: what is delivered again counts again`;
}

function dropsEvents({ onFailure, hasDeadLetters }: PromiseParts): boolean {
  return onFailure === 'skip' && !hasDeadLetters;
}
