import type { Cache } from '@sluice/contracts';
import type { Counter } from 'prom-client';
import type { Log } from '../http/log.js';
import type { Document } from './document.js';

/** For how long a document is kept. */
const TTL_MS = 300_000;

/** Documents by `document:{id}`, as JSON. A cache that fails is a cache that holds nothing: it is logged, and no request fails by it. */
export class DocumentCache {
  private readonly cache: Cache;
  private readonly log: Log;
  private readonly asked: Counter<'result'>;

  constructor(cache: Cache, log: Log, asked: Counter<'result'>) {
    this.cache = cache;
    this.log = log;
    this.asked = asked;
  }

  async find(id: string): Promise<Document | undefined> {
    const text = await this.cache.get(keyOf(id)).catch(this.failed);
    this.asked.inc({ result: text === undefined ? 'miss' : 'hit' });
    return text === undefined ? undefined : (JSON.parse(text) as Document);
  }

  /** Whether it is here, for those who do not ask for the document itself. */
  async holds(id: string): Promise<boolean> {
    return (await this.cache.get(keyOf(id)).catch(this.failed)) !== undefined;
  }

  /** From now on no older state of it is found here. */
  async keep(document: Document): Promise<void> {
    const entry = { key: keyOf(document.id), version: document.version, value: JSON.stringify(document) };
    await this.cache.set(entry, { ttlMs: TTL_MS }).catch(this.failed);
  }

  /** A document that was removed in this state. */
  async forget({ id, version }: Document): Promise<void> {
    await this.cache.invalidate([{ key: keyOf(id), version }], { ttlMs: TTL_MS }).catch(this.failed);
  }

  private readonly failed = (error: unknown): undefined => {
    this.log.warn({ err: error }, 'the cache failed');
  };
}

const keyOf = (id: string) => `document:${id}`;
