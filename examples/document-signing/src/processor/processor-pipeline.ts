import type {
  CheckpointStore,
  DeadLetterStore,
  ObjectStore,
  SearchIndex,
  Telemetry,
  Transport,
} from '@sluice/contracts';
import { expandEvents, type Notice, pipeline, type RunningPipeline } from '@sluice/runtime';
import { Counter, type Registry } from 'prom-client';
import { patientSink } from '../sink/patient-sink.js';
import { changedDocument } from './document-change.js';
import { documentSink } from './document-sink.js';

/** What {@link processorPipeline} is made of. Whoever gives a part closes it, after the pipeline. */
export interface ProcessorPipelineParts {
  /** Has the topic `cdc.documents`. */
  readonly transport: Transport;
  /** Of the bucket `documents`. */
  readonly objects: ObjectStore;
  /** With at least `documentFields`. */
  readonly index: SearchIndex;
  readonly checkpoints: CheckpointStore;
  /** Where records go that the index refuses. Without it they are dropped, and counted by the pipeline. */
  readonly deadLetters?: DeadLetterStore;
  /** Gets `processor_incomplete_records_total`. */
  readonly registry?: Registry;
  readonly notice?: (notice: Notice) => void;
  readonly telemetry?: Telemetry;
}

/**
 * `cdc.documents` → the index of documents.
 *
 * Effectively once: the index compares the position of each change with that of the document that it has, so a replay or a late duplicate never
 * rolls one back. Rows from before the first start and deletions count. What lacks a part of a row, or is no record at all, is dropped and counted.
 */
export function processorPipeline(parts: ProcessorPipelineParts): RunningPipeline {
  const { transport, objects, index, checkpoints, deadLetters, registry, notice, telemetry } = parts;
  const incomplete = new Counter({
    name: 'processor_incomplete_records_total',
    help: 'Records of cdc.documents that were dropped, since they lack a part of a document',
    registers: registry ? [registry] : [],
  });
  return pipeline('search', { ...(notice ? { notice } : {}), ...(telemetry ? { telemetry } : {}) })
    .from(transport.subscribe({ topics: ['cdc.documents'], group: 'search' }))
    .pipe(
      expandEvents((record: Uint8Array, event) => {
        const change = changedDocument(record);
        if (change !== undefined) return [event.with(change)];
        incomplete.inc();
        return [];
      }),
    )
    .to(patientSink(documentSink(index, objects)), {
      checkpoints,
      onFailure: 'skip',
      ...(deadLetters ? { deadLetters } : {}),
    });
}
