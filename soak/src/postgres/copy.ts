/** The process of a run that is killed and frozen: copies one table, rows and checkpoints in one transaction. */
import { postgresChanges, rowEvents } from '@sluice/cdc';
import { expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';

const [source = '', target = '', slot = '', batch = '65536'] = process.argv.slice(2);

const copy = pipeline('soak', {
  maxBatchBytes: Number(batch),
  notice: ({ message }) => process.stderr.write(`${message}\n`),
})
  .from(postgresChanges({ connection: source, tables: ['public.items'], slot }))
  .pipe(expandEvents(rowEvents()))
  .to(tableSink({ connection: target, table: 'public.items', key: ['id'] }), { retry: { initialMs: 10, maxMs: 300 } });

process.on('SIGTERM', () => void copy.drain());
await copy.run();
