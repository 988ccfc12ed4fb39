import type { ContentStore } from '../content/content-store.js';
import type { Document } from './document.js';
import type { DocumentTable } from './document-table.js';
import type { ChangeOutcome } from './outcomes.js';
import type { NewDocument } from './schemas.js';

/**
 * Documents with their contents: the row in Postgres, the bytes in the content store.
 *
 * A row never lacks its content: the content is durable before the row is committed, and removed after the row is. A crash or a failed
 * commit in between leaves content without a row; {@link removeOrphans} takes it away at the next start.
 */
export class Documents {
  readonly table: DocumentTable;
  private readonly contents: ContentStore;

  constructor(table: DocumentTable, contents: ContentStore) {
    this.table = table;
    this.contents = contents;
  }

  async create(given: NewDocument): Promise<Document> {
    return await this.table.insert(given, async ({ id }) => {
      try {
        await this.contents.put(id, given.content);
      } catch (error) {
        await this.contents.remove(id);
        throw error;
      }
    });
  }

  content(id: string) {
    return this.contents.get(id);
  }

  async remove(id: string, ifVersion?: number): Promise<ChangeOutcome> {
    const outcome = await this.table.remove(id, ifVersion);
    if (outcome.kind === 'done') await this.contents.remove(id);
    return outcome;
  }

  /** Takes away contents that no row refers to. Only while no document is being created. */
  async removeOrphans(): Promise<number> {
    const ids = await this.contents.ids();
    const existing = await this.table.existing(ids);
    const orphans = ids.filter((id) => !existing.has(id));
    for (const id of orphans) await this.contents.remove(id);
    return orphans.length;
  }
}
