import { memoryCheckpoints, memorySink, pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Change, postgresChanges } from '../../src/index.js';

const db = useDatabase();

test('while the server refuses connections an idle pipeline shows trouble, until it reads again', async () => {
  await db.query('CREATE TABLE rows (id int PRIMARY KEY)');
  const { hostname: host, port } = new URL(db.url);
  await using line = await faultProxy({ target: { host, port: Number(port) } });
  const source = postgresChanges({
    connection: line.through(db.url),
    tables: ['public.rows'],
    slot: `${db.name}_outage`,
    snapshot: 'never',
    reconnect: { initialDelayMs: 20, maxDelayMs: 50 },
  });
  const sink = memorySink<Change>();
  await using running = pipeline('outage', { notice: () => {} })
    .from(source)
    .to(sink, { checkpoints: memoryCheckpoints() });
  const ended = running.run();
  await running.caughtUp();
  expect(running.report().health.trouble).toBeUndefined();
  line.refuse();
  line.reset();
  const trouble = await waitFor(() => running.report().health.trouble, { what: 'trouble', timeoutMs: 20_000 });
  expect([running.state, trouble.code]).toEqual(['running', 'CDC_CONNECTION_LOST']);
  // Of one outage it is one trouble, however often it is tried.
  await waitFor(() => (running.report().health.trouble?.forMs ?? 0) > 300, { what: 'it to last' });
  line.accept();
  await db.query('INSERT INTO rows VALUES (1)');
  await waitFor(() => sink.events.length === 1, { what: 'the row', timeoutMs: 20_000 });
  await waitFor(() => running.report().health.trouble === undefined, { what: 'the trouble to be over' });
  await running.drain();
  await ended;
});
