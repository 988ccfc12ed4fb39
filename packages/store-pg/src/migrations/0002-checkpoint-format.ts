import type { Migration } from './migration.js';

/** A format is a number from 0 on, and whoever looks at the table learns what it means. */
export const checkpointFormat: Migration = {
  version: 2,
  name: 'checkpoint format',
  sql: (schema) => `
    ALTER TABLE ${schema}.checkpoints ADD CONSTRAINT checkpoints_format_check CHECK (format >= 0);
    COMMENT ON TABLE ${schema}.checkpoints IS 'How far each sink of a pipeline has come in each lane.';
    COMMENT ON COLUMN ${schema}.checkpoints.format IS
      'The form of resume, within and identity. Older ones are read as the present one; a newer one is refused.';
  `,
};
