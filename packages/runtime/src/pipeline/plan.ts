import {
  type CheckpointStore,
  ComponentError,
  type DeadLetterStore,
  refuseUnknownOptions,
  type Sink,
  type Source,
  type Telemetry,
} from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { CreditOptions } from '../credits/credits.js';
import { type FailurePolicy, failurePolicy } from '../dead-letters/failure-policy.js';
import type { Delivery } from '../delivery/delivery.js';
import { type PipelinePromise, promiseOf } from '../guarantee/pipeline-promise.js';
import { type RetryOptions, type RetryPolicy, retryPolicy } from '../retry/retry-policy.js';
import { breakerOptions, type CircuitBreakerOptions } from '../sink/circuit-breaker.js';

/** Options of a pipeline as a whole. */
export interface PipelineOptions {
  readonly credits?: CreditOptions;
  /** Source batches are split above this many bytes. Default: 1 MiB, or a quarter of the credits if that is less. */
  readonly maxBatchBytes?: number;
  /** Batches that may wait behind one that is not settled. Default: 8,192. */
  readonly maxUnsettled?: number;
  /** Allows stages to change the order of events with the same key. Default: false. */
  readonly unordered?: boolean;
  /**
   * How long a stage may keep a delivery before it counts as lost and the pipeline starts anew from its checkpoint, in
   * milliseconds. The sink, and operators that hold back by design, are excepted. Default: 120,000.
   */
  readonly settlementTimeoutMs?: number;
  /**
   * After how long a pipeline is stalled that has something to do and gets nothing done, in milliseconds: `report().health`
   * and a notice say so. Default: 60,000.
   */
  readonly stallMs?: number;
  /** The least time between two saves of checkpoints apart from a write, in milliseconds. Default: 100. */
  readonly checkpointIntervalMs?: number;
  /** How long a drain may take that nobody gave a time-out, in milliseconds. Default: 10,000. */
  readonly drainTimeoutMs?: number;
  /**
   * Told of what a person may want to know: that something is tried again, what is waited for. Nothing in normal operation,
   * and never a row value. Published on the diagnostics channel `sluice:notice` too. Default: a Node process warning; of
   * repetitions the 1st, 2nd, 4th, 8th and so on.
   */
  readonly notice?: (notice: Notice) => void;
  /** Where metrics and spans go: `prometheusTelemetry`, `openTelemetry`, or your own. Default: nowhere. */
  readonly telemetry?: Telemetry;
  /** Lanes whose gauges are shown one by one; those beyond are shown together as `other`. Default: 64. */
  readonly maxMeasuredLanes?: number;
}

/** Something that a person may want to know. */
export interface Notice {
  /** The pipeline's name, or the app's. */
  readonly pipeline: string;
  readonly message: string;
  /** The code of the error that it is about. */
  readonly code?: string;
}

/** Options of the way to the sink. */
export interface ToOptions {
  /** Where checkpoints are kept. Needed unless the sink is atomic (it keeps them itself) or the source acks singly. */
  readonly checkpoints?: CheckpointStore;
  readonly retry?: RetryOptions;
  /** Where events go that can't be processed. Without it such an event fails the pipeline. */
  readonly deadLetters?: DeadLetterStore;
  /** What becomes of such an event. Default: `skip` where there is a dead-letter store, else `stop`. */
  readonly onFailure?: FailurePolicy;
  /** How often letters are looked for that somebody wants replayed, in milliseconds. Default: 1,000. */
  readonly deadLetterPollMs?: number;
  /** When the sink is left alone for a while because it fails again and again. Default: after 5 whole writes; `false`: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
}

/** A pipeline's parts and options, checked, with the defaults filled in. */
export interface Plan {
  readonly name: string;
  readonly source: Source<unknown>;
  readonly operators: readonly OperatorFunction<Delivery<never>, Delivery<unknown>>[];
  readonly sink: Sink<unknown>;
  readonly checkpoints: CheckpointStore | undefined;
  readonly deadLetters: DeadLetterStore | undefined;
  readonly onFailure: FailurePolicy;
  readonly deadLetterPollMs: number;
  readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  readonly retry: RetryPolicy;
  readonly credits: Required<CreditOptions>;
  readonly options: Required<Omit<PipelineOptions, 'credits' | 'notice' | 'telemetry'>> &
    Pick<PipelineOptions, 'notice' | 'telemetry'>;
  readonly promise: PipelinePromise;
}

const PIPELINE_OPTIONS: readonly (keyof PipelineOptions)[] = [
  'credits',
  'maxBatchBytes',
  'maxUnsettled',
  'unordered',
  'settlementTimeoutMs',
  'stallMs',
  'checkpointIntervalMs',
  'drainTimeoutMs',
  'notice',
  'telemetry',
  'maxMeasuredLanes',
];

const TO_OPTIONS: readonly (keyof ToOptions)[] = [
  'checkpoints',
  'retry',
  'deadLetters',
  'onFailure',
  'deadLetterPollMs',
  'circuitBreaker',
];

/** Checks the parts against each other. Throws `OPTIONS_INVALID`, naming the option. */
export function plan(
  name: string,
  options: PipelineOptions,
  parts: Pick<Plan, 'source' | 'operators' | 'sink'>,
  to: ToOptions,
): Plan {
  if (!/^[\w.:-]{1,200}$/.test(name)) {
    invalid('the name of a pipeline has 1 to 200 letters, digits and any of _ . : -');
  }
  refuseUnknownOptions('pipeline', options, PIPELINE_OPTIONS);
  refuseUnknownOptions('pipeline.credits', options.credits ?? {}, ['bytes', 'batches']);
  refuseUnknownOptions('to', to, TO_OPTIONS);
  const { source, sink } = parts;
  if (!to.checkpoints && source.features.ack === 'cumulative' && sink.features.delivery !== 'atomic') {
    invalid(
      `pipeline ${name}: \`checkpoints\` is needed, for ${sink.name} keeps none (memoryCheckpoints() if they may go)`,
    );
  }
  const bytes = positive('credits.bytes', options.credits?.bytes ?? 16 * 1024 * 1024);
  const batches = positive('credits.batches', options.credits?.batches ?? 1024);
  const maxBatchBytes = positive('maxBatchBytes', options.maxBatchBytes ?? Math.min(1024 * 1024, Math.ceil(bytes / 4)));
  if (maxBatchBytes > bytes) invalid('`maxBatchBytes` is above `credits.bytes`');
  const retry = retryPolicy(to.retry);
  const onFailure = failurePolicy(to.onFailure, to.deadLetters);
  const unordered = options.unordered ?? false;
  return {
    name,
    ...parts,
    checkpoints: to.checkpoints,
    deadLetters: to.deadLetters,
    onFailure,
    deadLetterPollMs: positive('deadLetterPollMs', to.deadLetterPollMs ?? 1_000),
    circuitBreaker: breakerOptions(to.circuitBreaker, retry),
    retry,
    credits: { bytes, batches },
    options: {
      maxBatchBytes,
      maxUnsettled: positive('maxUnsettled', options.maxUnsettled ?? 8192),
      unordered,
      settlementTimeoutMs: positive('settlementTimeoutMs', options.settlementTimeoutMs ?? 120_000),
      stallMs: positive('stallMs', options.stallMs ?? 60_000),
      checkpointIntervalMs: positive('checkpointIntervalMs', options.checkpointIntervalMs ?? 100, 0),
      drainTimeoutMs: positive('drainTimeoutMs', options.drainTimeoutMs ?? 10_000),
      ...(options.notice ? { notice: options.notice } : {}),
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
      maxMeasuredLanes: positive('maxMeasuredLanes', options.maxMeasuredLanes ?? 64),
    },
    promise: promiseOf({
      source,
      sink,
      checkpoints: to.checkpoints,
      hasDeadLetters: to.deadLetters !== undefined,
      onFailure,
      unordered,
    }),
  };
}

function positive(option: string, value: number, least = 1): number {
  if (Number.isFinite(value) && value >= least) return value;
  return invalid(`\`${option}\` must be a finite number of at least ${least}`);
}

function invalid(message: string): never {
  throw new ComponentError('OPTIONS_INVALID', message);
}
