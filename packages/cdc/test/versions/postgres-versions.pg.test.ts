import { expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { type PostgresVersion, type TestDatabase, testDatabase } from '@sluice/testkit/postgres';
import { postgresService } from '@sluice/testkit/services';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents } from '../../src/index.js';
import { createSource, createTarget, outOfOrder, rowsOf } from '../crash/audited-table.js';
import { mixedLoad } from '../crash/mixed-load.js';

const VERSIONS: readonly PostgresVersion[] = [14, 15, 16, 17, 18];

test.each(VERSIONS)(
  'Postgres %i: a table with rows is copied, followed under load, and after a stop from where it was',
  async (version) => {
    await using server = await postgresService({ version });
    expect(Number.parseInt(server.serverVersion, 10)).toBe(version);
    await using source = await testDatabase({ url: server.url, name: 'source' });
    await using target = await testDatabase({ url: server.url, name: 'target' });
    await createSource(source);
    await createTarget(target);
    await source.query(
      `INSERT INTO items (id, change, title) SELECT -g, 0, 'before ' || g FROM generate_series(1, 500) g`,
    );

    await following(source, target, async () => {
      const load = mixedLoad(source, { largest: 2_000 });
      await waitFor(async () => (await rowsOf(target)).some(({ id }) => id > 0), {
        what: 'rows of the load in the target',
        timeoutMs: 60_000,
      });
      expect((await load.stop()).transactions).toBeGreaterThan(0);
    });
    expect(await rowsOf(target)).toEqual(await rowsOf(source));

    await source.query(`DELETE FROM items WHERE id < -400; UPDATE items SET title = 'later' WHERE id < 0`);
    await source.query('TRUNCATE audit');
    await following(source, target, async () => {
      await source.query(`INSERT INTO items (id, change, title) VALUES (0, 0, 'last')`);
    });
    expect(await rowsOf(target)).toEqual(await rowsOf(source));
    expect(await outOfOrder(target)).toBe(0);
    const twice = await target.query('SELECT id FROM audit GROUP BY op, id, change HAVING count(*) > 1');
    expect(twice, 'changes that were applied twice').toEqual([]);
  },
  180_000,
);

/** Runs the copy, does something meanwhile, and stops the copy once it has caught up. */
async function following(source: TestDatabase, target: TestDatabase, meanwhile: () => Promise<void>): Promise<void> {
  await using copy = pipeline('versions')
    .from(postgresChanges({ connection: source.url, tables: ['public.items'], slot: `versions_${source.name}` }))
    .pipe(expandEvents(rowEvents()))
    .to(tableSink({ connection: target.url, table: 'public.items', key: ['id'] }), {
      retry: { initialMs: 10, maxMs: 200 },
    });
  const run = copy.run();
  run.catch(() => undefined); // awaited below
  await waitFor(() => copy.state !== 'starting' && copy.state !== 'idle', {
    what: 'the copy to start',
    timeoutMs: 60_000,
  });
  await meanwhile();
  await Promise.race([run, copy.caughtUp({ timeoutMs: 120_000 })]);
  await copy.drain();
  await run;
}
