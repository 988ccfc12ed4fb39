import type { Cache, CheckpointStore, Counters, DeadLetterStore, ObjectStore, SearchIndex } from '@sluice/contracts';
import { memoryCache } from '@sluice/runtime';
import {
  type PostgresLog,
  postgresCheckpoints,
  postgresCounters,
  postgresDeadLetters,
  postgresLog,
  postgresSearch,
} from '@sluice/store-pg';
import { diskObjects } from '@sluice/store-pg/disk';
import { DOCUMENTS_INDEX, documentFields } from './search/document-index.js';

/** What the services lean on, each behind the interface that its larger counterpart has too. */
export interface Parts extends AsyncDisposable {
  readonly objects: ObjectStore;
  readonly cache: Cache;
  readonly counters: Counters;
  readonly index: SearchIndex;
  readonly log: PostgresLog;
  readonly checkpoints: CheckpointStore;
  /** Records of topics that can't be processed, until somebody has looked at them. */
  readonly deadLetters: DeadLetterStore;
}

/** A topic is kept for longer than anybody leaves the program alone, within reason. */
const RETENTION = { ageMs: 365 * 86_400_000, bytes: 1_073_741_824 };

/** Everything in one Postgres, on local disk and in memory: nothing else to install. */
export function embeddedParts(connection: string, objectsFolder: string): Parts {
  const parts = {
    objects: diskObjects({ folder: objectsFolder }),
    cache: memoryCache(),
    counters: postgresCounters({ connection }),
    index: postgresSearch({ connection, index: DOCUMENTS_INDEX, fields: documentFields }),
    checkpoints: postgresCheckpoints({ connection }),
    deadLetters: postgresDeadLetters({ connection }),
  };
  return {
    ...parts,
    log: postgresLog({ connection, retention: RETENTION }),
    async [Symbol.asyncDispose]() {
      for (const part of Object.values(parts)) await part[Symbol.asyncDispose]();
    },
  };
}
