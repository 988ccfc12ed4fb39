/** The process that the crash test kills: copies one table, rows and checkpoints in one transaction. */
import { expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import { postgresChanges, rowEvents } from '../../src/index.js';

const [source = '', target = '', slot = '', batch = '65536'] = process.argv.slice(2);

const copy = pipeline('crash', {
  maxBatchBytes: Number(batch),
  notice: ({ message }) => process.stderr.write(`${message}\n`),
})
  .from(postgresChanges({ connection: source, tables: ['public.items'], slot }))
  .pipe(expandEvents(rowEvents()))
  .to(tableSink({ connection: target, table: 'public.items', key: ['id'] }), {
    retry: { initialMs: 10, maxMs: 200 },
  });

process.on('SIGTERM', () => void copy.drain());
await copy.run();
