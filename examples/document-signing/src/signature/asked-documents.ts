import { type GrpcClient, statusOf } from '@sluice/grpc';
import type { DocumentService } from '../generated/document_pb.js';
import { HttpProblem } from '../http/errors.js';
import type { Log } from '../http/log.js';

/** A client of the document service, as `grpcClient(DocumentService, …)` makes it. */
export type DocumentClient = GrpcClient<typeof DocumentService>;

/**
 * What became of asking for the status `signed`: it holds; `later`: nobody knows, so it is asked again; `refused`: the document's
 * status does not allow it; `unknown`: there is no such document.
 */
export type SigningOutcome = 'signed' | 'later' | 'refused' | 'unknown';

/** How long a person waits for the document service, in milliseconds, all attempts together. */
const PATIENCE_MS = 3_000;

/** What the signature service asks of the document service. */
export class AskedDocuments {
  private readonly client: DocumentClient;
  private readonly log: Log;

  constructor(client: DocumentClient, log: Log) {
    this.client = client;
    this.log = log;
  }

  /** The status of a document, undefined when there is none. A service that does not answer is a 503. */
  async statusOf(documentId: string): Promise<string | undefined> {
    try {
      const { exists, status } = await this.client.documentExists({ documentId }, { deadlineMs: PATIENCE_MS });
      return exists ? status : undefined;
    } catch (error) {
      this.log.warn({ err: error }, 'the document service did not answer');
      throw new HttpProblem(503, 'The document service is not available', { cause: error });
    }
  }

  /** May be repeated. */
  async sign(documentId: string): Promise<SigningOutcome> {
    try {
      await this.client.updateDocumentStatus({ documentId, status: 'signed' }, { deadlineMs: PATIENCE_MS });
      return 'signed';
    } catch (error) {
      const outcome = signingOutcome(error);
      if (outcome === 'later') this.log.warn({ err: error }, 'the status is left to the change stream');
      return outcome;
    }
  }

  /** Resolves when the service answers. */
  async answers(): Promise<void> {
    await this.client.documentExists({ documentId: NOBODY }, { deadlineMs: 1_000 });
  }
}

/** What a failed call for the status `signed` means. */
export function signingOutcome(error: unknown): Exclude<SigningOutcome, 'signed'> {
  switch (statusOf(error)) {
    case 'NOT_FOUND':
      return 'unknown';
    case 'FAILED_PRECONDITION':
      return 'refused';
    default:
      return 'later';
  }
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
