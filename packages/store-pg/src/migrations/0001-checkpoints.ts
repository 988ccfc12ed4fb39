import type { Migration } from './migration.js';

/**
 * One row for each pipeline, sink and lane. A removed lane keeps its row, because fences must go on growing.
 * Half of each page stays free, so that a checkpoint is updated in place, without touching the index.
 */
export const checkpoints: Migration = {
  version: 1,
  name: 'checkpoints',
  sql: (schema) => `
    CREATE TABLE ${schema}.checkpoints (
      pipeline text COLLATE "C" NOT NULL,
      sink text COLLATE "C" NOT NULL,
      lane text COLLATE "C" NOT NULL,
      fence bigint NOT NULL,
      owner text NOT NULL,
      removed boolean NOT NULL DEFAULT false,
      resume text COLLATE "C",
      within bigint,
      identity text,
      format smallint NOT NULL DEFAULT 1,
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (pipeline, sink, lane),
      CHECK (num_nulls(resume, within, identity) IN (0, 3))
    ) WITH (fillfactor = 50);
  `,
};
