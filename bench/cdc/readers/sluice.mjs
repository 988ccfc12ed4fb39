// Sluice, the whole way: decoded rows, three operators, settlement, checkpoints in Postgres, drained to the end.
import { postgresChanges, rowEvents } from '@sluice/cdc';
import { expandEvents, filterEvents, mapEvents, pipeline } from '@sluice/runtime';
import { postgresCheckpoints } from '@sluice/store-pg';
import { job, report } from '../../measure/contender.mjs';
import { countingSink } from '../../measure/counting-sink.mjs';
import { measured } from '../../measure/usage.mjs';

const { url, slot, publication, events } = job();
const sink = countingSink(events);
const checkpoints = postgresCheckpoints({ connection: url });
const source = postgresChanges({
  connection: url,
  tables: ['public.documents'],
  publication: { name: publication, create: false },
  slot: { name: slot, create: false },
  snapshot: 'never',
});
const documents = pipeline(slot)
  .from(source)
  .pipe(
    expandEvents(rowEvents()),
    filterEvents((row) => row.status !== 'draft'),
    mapEvents(({ id, tenant, title, status, body, pages, updated_at }) => ({
      id: `${tenant}/${id}`,
      title,
      status,
      text: body,
      pages,
      updatedAt: updated_at,
    })),
  )
  .to(sink, { checkpoints });

const usage = await measured(async () => {
  const running = documents.run();
  await Promise.race([sink.full, running]);
  await documents.drain();
  await running;
});
const stored = (await checkpoints.load(slot)).filter(({ checkpoint }) => checkpoint !== null);
if (stored.length !== 1) throw new Error('the end of the backlog was not checkpointed');
report({ ...usage, events: sink.written });
