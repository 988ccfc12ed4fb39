import { Readable } from 'node:stream';
import type { Count, Counters, ObjectStore } from '@sluice/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Log } from '../http/log.js';
import type { Document } from './document.js';
import type { DocumentCache } from './document-cache.js';
import type { DocumentTable } from './document-table.js';
import type { ChangeOutcome } from './outcomes.js';
import type { DocumentChanges, NewDocument } from './schemas.js';
import type { Status } from './status.js';

export interface DocumentsParts {
  readonly table: DocumentTable;
  readonly objects: ObjectStore;
  readonly cache: DocumentCache;
  readonly counters: Counters;
  readonly log: Log;
}

/**
 * Documents with their contents: the row in Postgres, the bytes in the object store under `{id}/content`.
 *
 * A row never lacks its content: the content is durable before the row is written, and removed after the row is. A crash in between
 * leaves an object without a row, which is taken away at the next start.
 */
export class Documents {
  private readonly parts: DocumentsParts;

  constructor(parts: DocumentsParts) {
    this.parts = parts;
  }

  async create({ content, ...given }: NewDocument): Promise<Document> {
    const { objects, table, log } = this.parts;
    const id = uuidv7();
    await objects.put(contentKey(id), content, { contentType: given.content_type });
    try {
      return await table.insert({ id, content_size: content.length, ...given });
    } catch (error) {
      if (isRefused(error)) {
        await objects
          .delete(contentKey(id))
          .catch((cause) => log.warn({ err: cause }, 'content is left without a row'));
      }
      throw error;
    }
  }

  /** Newest first. */
  list(page: { readonly skip: number; readonly limit: number }): Promise<Document[]> {
    return this.parts.table.list(page);
  }

  /** Maybe from the cache, but never older than a change that this service has answered. */
  async find(id: string): Promise<Document | undefined> {
    const { cache, table } = this.parts;
    const cached = await cache.find(id);
    if (cached !== undefined) return cached;
    const document = await table.find(id);
    if (document !== undefined) await cache.keep(document);
    return document;
  }

  /** As it is in the database now. */
  current(id: string): Promise<Document | undefined> {
    return this.parts.table.find(id);
  }

  /** The bytes, read as they are asked for. */
  async content(id: string): Promise<Readable | undefined> {
    const found = await this.parts.objects.get(contentKey(id));
    return found && Readable.from(found.body, { objectMode: false });
  }

  change(id: string, changes: DocumentChanges, ifVersion?: number): Promise<ChangeOutcome> {
    return this.remembered(this.parts.table.change(id, changes, ifVersion));
  }

  /** Repeatable: a document that has the status already stays as it is. */
  reach(id: string, status: Status): Promise<ChangeOutcome> {
    return this.remembered(this.parts.table.reach(id, status));
  }

  async remove(id: string, ifVersion?: number): Promise<ChangeOutcome> {
    const { table, cache, log } = this.parts;
    const outcome = await table.remove(id, ifVersion);
    if (outcome.kind !== 'done') return outcome;
    await cache.forget(outcome.document);
    // The document is gone, whatever becomes of its objects now.
    await this.removeObjects(id).catch((error) => log.warn({ err: error }, 'objects are left without a row'));
    return outcome;
  }

  /**
   * Counts a view by whoever has this address. The document may have been deleted, and its counts removed, between the two: then nobody else
   * would ever remove this one.
   */
  async countView(id: string, address: string): Promise<void> {
    const { cache, counters, table, log } = this.parts;
    try {
      await counters.count(viewsKey(id), address);
      if ((await cache.holds(id)) || (await table.find(id)) !== undefined) return;
      await counters.remove([viewsKey(id)]);
    } catch (error) {
      log.warn({ err: error }, 'a view was not counted');
    }
  }

  async views(id: string): Promise<Count> {
    const key = viewsKey(id);
    return (await this.parts.counters.read([key])).get(key) ?? { total: 0, unique: 0 };
  }

  private async remembered(changing: Promise<ChangeOutcome>): Promise<ChangeOutcome> {
    const outcome = await changing;
    if (outcome.kind === 'done') await this.parts.cache.keep(outcome.document);
    return outcome;
  }

  /** The content, and the signatures' images. */
  private async removeObjects(id: string): Promise<void> {
    const { objects } = this.parts;
    for (;;) {
      const found = await objects.list(`${id}/`);
      if (found.length === 0) return;
      for (const { key } of found) await objects.delete(key);
    }
  }
}

const contentKey = (id: string) => `${id}/content`;
const viewsKey = (id: string) => `views:${id}`;

/**
 * Whether the database itself said no (SQLSTATE classes 20 to 54). Of a connection that broke nobody knows whether the row was written:
 * its content stays, and is an orphan at worst.
 */
function isRefused(error: unknown): boolean {
  return /^[2-5][0-4]/.test((error as NodeJS.ErrnoException).code ?? '');
}
