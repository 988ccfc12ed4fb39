import { memorySink, type Notice, pipeline } from '@sluice/runtime';
import { postgresCheckpoints } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { type Change, postgresChanges } from '../../src/index.js';

const database = useDatabase();

test('an idle table in a busy database is no stall: the head moves on, and so does the pipeline', async () => {
  await database.query('CREATE TABLE quiet (id int PRIMARY KEY)');
  await database.query('CREATE TABLE busy (id int)');
  const slot = `stall_${database.name}`.slice(0, 63);
  const stallMs = 5_000;
  const notices: Notice[] = [];
  await using checkpoints = postgresCheckpoints({ connection: database.url });
  const running = pipeline('idle', { stallMs, notice: (notice) => notices.push(notice) })
    .from(postgresChanges({ connection: database.url, tables: ['public.quiet'], slot }))
    .to(memorySink<Change>(), { checkpoints });
  const ended = running.run();
  await running.caughtUp();
  const end = performance.now() + 2 * stallMs;
  await waitFor(
    async () => {
      await database.query('INSERT INTO busy SELECT generate_series(1, 100)');
      expect(running.report().health.status).not.toBe('stalled');
      return performance.now() > end;
    },
    { what: 'twice stallMs', timeoutMs: 60_000 },
  );
  // Nobody writes any more, and nothing is left to do.
  await waitFor(() => running.report().health.status === 'idle', {
    what: 'the pipeline to be idle',
    timeoutMs: 30_000,
  });
  expect(notices).toEqual([]);
  await running.drain();
  await ended;
}, 120_000);
