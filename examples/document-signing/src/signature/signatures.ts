import { Readable } from 'node:stream';
import type { ObjectStore } from '@sluice/contracts';
import { v7 as uuidv7 } from 'uuid';
import { HttpProblem } from '../http/errors.js';
import type { Log } from '../http/log.js';
import type { AskedDocuments } from './asked-documents.js';
import { drawingOf } from './image.js';
import type { NewSignature } from './schemas.js';
import type { Signature } from './signature.js';
import type { InsertOutcome, NewRow, SignatureTable } from './signature-table.js';

export interface SignaturesParts {
  readonly table: SignatureTable;
  readonly objects: ObjectStore;
  readonly documents: AskedDocuments;
  readonly log: Log;
}

/** An image, or a text, as it is kept. */
export interface KeptDrawing {
  readonly contentType: string;
  readonly size: number;
  readonly etag: string;
  readonly body: Readable;
}

/** Statuses that `signed` can follow, itself among them: several people may sign. */
const OPEN = new Set(['created', 'sent', 'viewed', 'signed']);

/**
 * Signatures: the row in Postgres, what was drawn in the object store.
 *
 * The row comes first, then the document's status. Whatever happens in between, the row is a change that everybody sees, and
 * `signingPipeline` asks for the status until it holds: a signature that was answered 201 is never forgotten.
 */
export class Signatures {
  private readonly parts: SignaturesParts;

  constructor(parts: SignaturesParts) {
    this.parts = parts;
  }

  /** Throws {@link HttpProblem}: 404 for an unknown document, 409 for one that can't be signed (again), 503 when nobody knows. */
  async sign(given: NewSignature, clientAddress: string): Promise<Signature> {
    const { table, documents } = this.parts;
    const documentId = given.document_id.toLowerCase();
    const status = await documents.statusOf(documentId);
    if (status === undefined) throw notFound(given.document_id);
    if (!OPEN.has(status)) throw closed(status);

    const id = uuidv7();
    const signatureKey = given.signature_data ? keyOf(documentId, id) : null;
    if (given.signature_data && signatureKey !== null) await this.keep(signatureKey, given.signature_data);
    const outcome = await this.insert({
      id,
      documentId,
      signerEmail: given.signer_email,
      signerName: given.signer_name,
      signatureKey,
      ipAddress: plainAddress(given.ip_address ?? clientAddress),
    });
    if (outcome.kind === 'unknown') throw notFound(given.document_id);
    if (outcome.kind === 'twice') throw new HttpProblem(409, 'This person has signed the document already');

    switch (await documents.sign(documentId)) {
      case 'unknown': // deleted since; the row went with it
        await this.forget(signatureKey);
        throw notFound(given.document_id);
      case 'refused': // cancelled since
        await table.remove(id);
        await this.forget(signatureKey);
        throw closed((await documents.statusOf(documentId)) ?? 'deleted');
      default:
        return outcome.signature;
    }
  }

  find(id: string): Promise<Signature | undefined> {
    return this.parts.table.find(id);
  }

  /** Newest first. */
  list(page: { readonly skip: number; readonly limit: number }): Promise<Signature[]> {
    return this.parts.table.list(page);
  }

  /** Oldest first; undefined when there is no such document. */
  async ofDocument(documentId: string): Promise<Signature[] | undefined> {
    const found = await this.parts.table.ofDocument(documentId);
    if (found.length > 0) return found;
    return (await this.parts.documents.statusOf(documentId)) === undefined ? undefined : [];
  }

  /** What was drawn; undefined when there is no such signature, or nothing was drawn. */
  async drawing(id: string): Promise<KeptDrawing | undefined> {
    const key = await this.parts.table.drawingKey(id);
    const found = key ? await this.parts.objects.get(key) : undefined;
    if (found === undefined) return undefined;
    const { contentType, size, etag, body } = found;
    return { contentType, size, etag, body: Readable.from(body, { objectMode: false }) };
  }

  private async keep(key: string, data: string): Promise<void> {
    const { bytes, contentType } = drawingOf(data);
    await this.parts.objects.put(key, bytes, { contentType });
  }

  private async insert(row: NewRow): Promise<InsertOutcome> {
    let outcome: InsertOutcome | undefined;
    try {
      outcome = await this.parts.table.insert(row);
      return outcome;
    } finally {
      // Of an insert that rejected nobody knows whether it took place: its drawing stays, and is an orphan at worst.
      if (outcome !== undefined && outcome.kind !== 'done') await this.forget(row.signatureKey);
    }
  }

  private async forget(key: string | null): Promise<void> {
    const { objects, log } = this.parts;
    if (key === null) return;
    await objects.delete(key).catch((error) => log.warn({ err: error }, 'a drawing is left without a row'));
  }
}

const keyOf = (documentId: string, id: string) => `${documentId}/signatures/${id}.png`;

/** Without a zone, which means nothing elsewhere; an IPv4 address in the form of IPv6 as the IPv4 address that it is. */
const plainAddress = (address: string) => address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');

const notFound = (id: string) => new HttpProblem(404, `Document ${id} not found`);
const closed = (status: string) => new HttpProblem(409, `A document that is ${status} cannot be signed`);
