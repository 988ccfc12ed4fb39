import { expandEvents, pipeline } from '@sluice/runtime';
import { tableSink } from '@sluice/store-pg';
import { waitFor } from '@sluice/testkit';
import { faultProxy } from '@sluice/testkit/proxy';
import { useDatabase } from '@sluice/testkit/vitest';
import { expect, test } from 'vitest';
import { postgresChanges, rowEvents } from '../../src/index.js';
import { auditOf, createSource, createTarget, outOfOrder, rowsOf } from '../crash/audited-table.js';
import { mixedLoad } from '../crash/mixed-load.js';
import { changesOf, Driver } from '../support/drive.js';
import { disturb, randomOf } from './random-faults.js';

const source = useDatabase();
const target = useDatabase();

const FAULTS = 40;

test('a copy over two bad lines equals its source at the end, nothing missed, nothing applied twice', async () => {
  const seed = Number(process.env['SLUICE_SEED'] ?? Date.now() % 1_000_000);
  const random = randomOf(seed);
  await createSource(source);
  await createTarget(target);
  const address = ({ url }: { url: string }) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  await using reading = await faultProxy({ target: address(source), seed });
  await using writing = await faultProxy({ target: address(target), seed });
  await using copy = pipeline('lines')
    .from(
      postgresChanges({
        connection: reading.through(source.url),
        tables: ['public.items'],
        slot: `lines_${source.name}`.slice(0, 63),
        statusIntervalMs: 100,
        linkTimeoutMs: 2_000,
        reconnect: { initialDelayMs: 20, maxDelayMs: 200, giveUpAfterMs: 120_000 },
      }),
    )
    .pipe(expandEvents(rowEvents()))
    .to(
      tableSink({
        // The client's time-out is what ends a wait for an answer that never comes.
        connection: {
          connectionString: writing.through(target.url),
          query_timeout: 3_000,
          connectionTimeoutMillis: 3_000,
        },
        table: 'public.items',
        key: ['id'],
      }),
      { retry: { initialMs: 10, maxMs: 200 } },
    );
  const run = copy.run();
  let failure: unknown;
  run.catch((error: unknown) => {
    failure = error;
  });
  await waitFor(() => copy.state === 'running', { what: 'the copy to run', timeoutMs: 60_000 });
  // Not before the stream: what a snapshot holds that had to be begun again comes once more in the stream.
  await Promise.race([run, copy.caughtUp({ timeoutMs: 120_000 })]);
  const load = mixedLoad(source, { largest: 2_000 });
  const done: string[] = [];
  for (let fault = 0; fault < FAULTS; fault++) {
    done.push(await disturb([reading, writing], random));
    expect(failure, `seed ${seed}, after ${done.join(', ')}`).toBeUndefined();
  }
  const { transactions } = await load.stop();
  await Promise.race([run, copy.caughtUp({ timeoutMs: 120_000 })]);
  await copy.drain();
  await run;

  const told = `seed ${seed}: ${done.join(', ')}`;
  expect(await rowsOf(target), told).toEqual(await rowsOf(source));
  const twice = (await auditOf(target))
    .filter(({ count }) => count > 1)
    .map(({ op, id, change }) => `${op}${id}/${change}`);
  expect(twice.slice(0, 20), told).toEqual([]);
  expect(await outOfOrder(target), told).toBe(0);
  // The lines were as bad as the name of this test says.
  expect(transactions).toBeGreaterThan(0);
  expect(reading.accepted + writing.accepted).toBeGreaterThan(10);
}, 300_000);

test('a replication stream that is damaged where it is framed is an error, and the next session gives what was lost', async () => {
  await source.query('CREATE TABLE framed (id int PRIMARY KEY)');
  const { hostname, port } = new URL(source.url);
  await using line = await faultProxy({ target: { host: hostname, port: Number(port) } });
  const changes = changesOf(line.through(source.url), `framed_${source.name}`.slice(0, 63), {
    tables: ['public.framed'],
  });
  const checkpoints = new Map();
  {
    await using driver = await Driver.open(changes);
    await driver.snapshot();
    const first = driver.batch();
    await source.query('INSERT INTO framed VALUES (1)');
    const { position } = await first;
    checkpoints.set(driver.stream.lane, { position, identity: driver.session.identity });
    const lost = driver.events(50).catch((error: unknown) => error);
    // The first byte of the next message: the stream stands between two messages.
    const stream = line.connections.reduce((a, b) => (b.bytesDown > a.bytesDown ? b : a));
    line.down.set({ corrupt: { at: stream.bytesDown } });
    await source.query('INSERT INTO framed SELECT generate_series(2, 51)');
    expect(await lost).toMatchObject({ code: 'CDC_PROTOCOL', retry: 'backoff' });
  }
  line.down.clear();
  await using next = await Driver.open(changes, { checkpoints });
  const ids = (await next.events(50)).map(({ data }) => (data?.after as { id: number } | null)?.id);
  expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
}, 120_000);
