import { ComponentError, type DrainReport, type Pipeline } from '@sluice/contracts';
import { within } from '../retry/within.js';

/** Anything else than a pipeline that is started and stopped with the app: a pool, a server, a scheduler. */
export interface Service {
  /** Unique in the app. */
  readonly name: string;
  /** Resolves when it serves; `signal` is aborted when the app stops meanwhile. */
  start?(signal: AbortSignal): unknown;
  /** Called after `start`, and runs on until `signal` is aborted. Its rejection fails the app. */
  run?(signal: AbortSignal): Promise<unknown>;
  /** Resolves when it serves no more and has given back what it held; `timeoutMs` is what the app will wait. */
  stop?(timeoutMs: number): unknown;
  [Symbol.asyncDispose]?(): PromiseLike<void>;
  /** Why it can't serve now, for `/ready`; undefined when it can. Never a secret. */
  notReady?(): string | undefined;
}

/** One part of an app. */
export type AppPart = Pipeline | Service;

/** A part as the app handles it. */
export interface Part {
  readonly name: string;
  readonly of: AppPart;
  readonly pipeline: Pipeline | undefined;
  /** Resolves when it is started. */
  start(signal: AbortSignal): Promise<void>;
  /** Once started: resolves when it has ended by itself, rejects when it failed. */
  ended(): Promise<unknown>;
  /** Resolves when it is stopped: of a pipeline with what it gave up. */
  stop(timeoutMs: number): Promise<DrainReport | undefined>;
}

/** How often a pipeline is asked whether it runs, in milliseconds. */
const ASK_MS = 10;

/** @throws ComponentError `OPTIONS_INVALID` when it is none. */
export function partOf(of: AppPart): Part {
  if (typeof of !== 'object' || of === null || typeof of.name !== 'string' || of.name === '') {
    throw new ComponentError('OPTIONS_INVALID', 'parts: each is a pipeline or an object with a name');
  }
  return isPipeline(of) ? pipelinePart(of) : servicePart(of);
}

function isPipeline(of: AppPart): of is Pipeline {
  return 'drain' in of && 'run' in of && 'state' in of;
}

function pipelinePart(pipeline: Pipeline): Part {
  let running: Promise<void> | undefined;
  return {
    name: pipeline.name,
    of: pipeline,
    pipeline,
    async start() {
      running = pipeline.run();
      running.catch(() => 'heard of through `ended`');
      let over = false;
      const end = running.finally(() => {
        over = true;
      });
      end.catch(() => 'heard of through `ended`');
      while (!over && pipeline.state === 'starting' && !standsBy(reportOf(pipeline))) await within(end, ASK_MS);
      if (over) await end;
    },
    ended: () => running ?? new Promise(() => {}),
    stop: (timeoutMs) => pipeline.drain({ timeoutMs }),
  };
}

function reportOf(pipeline: Pipeline & { report?: () => StandbyReport }): StandbyReport | undefined {
  return pipeline.report?.();
}

interface StandbyReport {
  readonly standby?: string;
  readonly branches?: Readonly<Record<string, StandbyReport>>;
}

/** Whether it waits on purpose; then it is as far as it gets. */
function standsBy(report: StandbyReport | undefined): boolean {
  return report?.standby !== undefined || Object.values(report?.branches ?? {}).some(standsBy);
}

function servicePart(service: Service): Part {
  const stopping = new AbortController();
  let running: Promise<unknown> | undefined;
  return {
    name: service.name,
    of: service,
    pipeline: undefined,
    async start(signal) {
      await service.start?.(signal);
      running = service.run?.(stopping.signal);
      running?.catch(() => 'heard of through `ended`');
    },
    ended: () => running ?? new Promise(() => {}),
    async stop(timeoutMs) {
      stopping.abort();
      if (service.stop) await service.stop(timeoutMs);
      else await service[Symbol.asyncDispose]?.();
      // How it ends that was told to end does not matter.
      await running?.catch(() => 'told to end');
      return undefined;
    },
  };
}
