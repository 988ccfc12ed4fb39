import {
  type CheckpointStore,
  ComponentError,
  type DeadLetterStore,
  isComponentError,
  type Sink,
  type Telemetry,
  type Transport,
} from '@sluice/contracts';
import { mapEvents, type Notice, pipeline, type RunningPipeline } from '@sluice/runtime';
import { patientSink } from '../sink/patient-sink.js';
import { type DocumentClient, signingOutcome } from './asked-documents.js';

/** What {@link signingPipeline} is made of. */
export interface SigningPipelineParts {
  /** Has the topic `cdc.signatures`. */
  readonly transport: Transport;
  readonly checkpoints: CheckpointStore;
  readonly documents: DocumentClient;
  /** Where records go that are no change of a signature. Without it they are dropped, and counted by the pipeline. */
  readonly deadLetters?: DeadLetterStore;
  readonly notice?: (notice: Notice) => void;
  readonly telemetry?: Telemetry;
}

/**
 * `cdc.signatures` → the document's status is `signed`.
 *
 * Each row of a signature asks for it once more, and again until the document service has answered; where the status holds already
 * nothing changes. So it does not matter at which moment the process that wrote the row died. A document that was deleted, or that
 * can't become `signed` any more (cancelled, or further already), is done with.
 */
export function signingPipeline(parts: SigningPipelineParts): RunningPipeline {
  const { transport, checkpoints, documents, deadLetters, notice, telemetry } = parts;
  return pipeline('signing', { ...(notice ? { notice } : {}), ...(telemetry ? { telemetry } : {}) })
    .from(transport.subscribe({ topics: ['cdc.signatures'], group: 'signing' }))
    .pipe(mapEvents(signedDocument))
    .to(patientSink(signedStatus(documents)), {
      checkpoints,
      onFailure: 'skip',
      ...(deadLetters ? { deadLetters } : {}),
    });
}

/** The document that a change of `signatures.signatures` is about, in Debezium's envelope; null when nobody has signed by it. */
export function signedDocument(value: Uint8Array): string | null {
  const { after } = parsed(value) as { readonly after?: { readonly document_id?: unknown } | null };
  if (after === null || after === undefined) return null;
  if (typeof after.document_id === 'string') return after.document_id;
  throw new ComponentError('EVENT_INVALID', 'a change of signatures has no document_id');
}

function parsed(value: Uint8Array): object {
  try {
    const change: unknown = JSON.parse(Buffer.from(value).toString());
    if (typeof change === 'object' && change !== null) return change;
  } catch {
    // What the parser says would quote the row.
  }
  throw new ComponentError('EVENT_INVALID', 'a change of signatures is no JSON object');
}

/** Writing a document's id makes its status `signed`, where that is possible. */
function signedStatus(documents: DocumentClient): Sink<string> {
  return {
    name: 'document-status',
    features: { delivery: 'idempotent', maxEvents: 100 },
    open: async () => ({
      async write(events, { signal }) {
        const ids = new Set(events.flatMap(({ data }) => (data === null ? [] : [data])));
        await Promise.all([...ids].map((id) => sign(documents, id, signal)));
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}

async function sign(documents: DocumentClient, documentId: string, signal: AbortSignal): Promise<void> {
  try {
    await documents.updateDocumentStatus({ documentId, status: 'signed' }, { signal });
  } catch (error) {
    if (signingOutcome(error) === 'later') throw askAgain(error);
  }
}

/**
 * A server that breaks a call off as it stops, or fails in a way that it calls final, has not set the status: only a call that was wrong
 * in itself is not made again.
 */
function askAgain(error: unknown): unknown {
  if (!isComponentError(error) || error.retry !== 'never' || OUR_FAULT.has(error.code)) return error;
  return new ComponentError(error.code, 'the document service did not set the status', {
    retry: 'backoff',
    cause: error,
  });
}

const OUR_FAULT: ReadonlySet<string> = new Set([
  'GRPC_INVALID_ARGUMENT',
  'GRPC_MESSAGE_INVALID',
  'GRPC_MESSAGE_TOO_LARGE',
]);
