import type { ChangeOf } from '@sluice/cdc';
import type { Sink } from '@sluice/contracts';
import type { Notice, RunningPipeline } from '@sluice/runtime';
import { prometheusTelemetry } from '@sluice/runtime/prometheus';
import type { Registry } from 'prom-client';
import { cachePipeline } from './changes/cache-pipeline.js';
import type { CHANGED_TABLES } from './changes/change-tables.js';
import { changesPipeline } from './changes/changes-pipeline.js';
import { topicOf } from './changes/topics.js';
import type { Parts } from './embedded-parts.js';
import { NotReady, type Readiness } from './http/health.js';
import { processorPipeline } from './processor/processor-pipeline.js';
import type { DocumentClient } from './signature/asked-documents.js';
import { signingPipeline } from './signature/signing-pipeline.js';

/** What the pipelines work with. */
export interface PipelineParts extends Parts {
  /** A connection string of a role that may replicate. */
  readonly connection: string;
  /** Takes what clients are told. */
  readonly activity: Sink<ChangeOf<typeof CHANGED_TABLES>>;
  readonly documents: DocumentClient;
  /** Gets the pipelines' metrics. */
  readonly registry: Registry;
  /** Hears what a person should know. */
  readonly say: (line: string) => void;
}

/** All pipelines of the process, as one. */
export interface Pipelines {
  /** Rejects when one of them has failed for good; else it stays pending until they are drained. */
  run(): Promise<never>;
  /** Resolves when all that is committed now has had its consequences everywhere. */
  caughtUp(timeoutMs: number): Promise<void>;
  drain(timeoutMs: number): Promise<void>;
  /** By pipeline: whether it does its work. */
  readonly readiness: Readiness;
}

/** The changes of the database, to the topics and to the clients; and from the topics to search, cache and status. */
export function pipelinesOf(parts: PipelineParts): Pipelines {
  const { connection, log: transport, activity, registry, say } = parts;
  const telemetry = prometheusTelemetry({ registry });
  const notice = ({ message }: Notice) => say(message);
  const changes = changesPipeline({
    connection,
    topics: transport.sink<Uint8Array>({ name: 'topics', topic: topicOf }),
    activity,
    notice,
    telemetry,
  });
  const cache = cachePipeline({ ...parts, transport, notice, telemetry });
  const search = processorPipeline({ ...parts, transport, notice, telemetry });
  const signing = signingPipeline({ ...parts, transport, notice, telemetry });
  const single = new Map([...changes.branches, ['cache', cache], ['search', search], ['signing', signing]]);
  const all = [changes, cache, search, signing];
  return {
    async run() {
      await Promise.all(all.map((one) => one.run()));
      return new Promise<never>(() => undefined);
    },
    async caughtUp(timeoutMs) {
      const options = { timeoutMs };
      await changes.caughtUp(options);
      // A signature that is caught up with may be what changes a document.
      await signing.caughtUp(options);
      await changes.caughtUp(options);
      await Promise.all([cache.caughtUp(options), search.caughtUp(options)]);
    },
    async drain(timeoutMs) {
      await Promise.all(all.map((one) => one.drain({ timeoutMs })));
    },
    readiness: Object.fromEntries([...single].map(([name, one]) => [`pipeline ${name}`, () => works(one)])),
  };
}

async function works(running: RunningPipeline): Promise<void> {
  const { state, health, lastError } = running.report();
  if (state !== 'running') throw new NotReady(lastError === undefined ? state : `${state}: ${lastError.code}`);
  if (health.status === 'stalled') throw new NotReady(health.reason ?? 'stalled');
  if (health.trouble !== undefined) throw new NotReady(health.trouble.code);
}
