import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { diskObjects } from '@sluice/store-pg/disk';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { query } from '../acceptance/client/database.js';
import { get } from '../acceptance/client/http.js';
import { checkBooks } from '../acceptance/kill/check-books.js';
import { Ledger } from '../acceptance/kill/ledger.js';
import { pictureFeed, pictureList, picturePostgres, pictureSearch } from '../acceptance/kill/pictures.js';
import { Watcher } from '../acceptance/kill/watcher.js';
import { write } from '../acceptance/kill/writer.js';
import { LocalSystem } from '../acceptance/local/local-system.js';
import type { System } from '../acceptance/system.js';
import { buildProgram } from './support/program.js';

const KILLS = 20;
const CLIENTS = 50;
/** Answers that a process gives before it is killed, at most. */
const ANSWERS = 200;

test('killed 20 times under the load of 50 clients: search, stats, feed, topics, objects and Postgres agree, and no acknowledged write is lost', {
  timeout: 900_000,
}, async () => {
  await using local = await LocalSystem.start({ program: await buildProgram('kill') });
  const system: System & { databaseUrl: string | undefined } = { ...local.addresses, databaseUrl: undefined };
  const ledger = new Ledger();
  const [writing, watching] = [new AbortController(), new AbortController()];
  setMaxListeners(0, writing.signal, watching.signal);
  const watchers = Array.from({ length: CLIENTS }, () => new Watcher(() => system, watching.signal));
  try {
    const writers = Promise.all(
      Array.from({ length: CLIENTS }, (_, number) => write(() => system, ledger, number, writing.signal)),
    );
    const failing = writers.then(() => undefined);
    failing.catch(() => undefined); // what a client finds wrong is told by the next wait
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await Promise.race([answers(randomInt(ANSWERS)), failing]);
      await local.kill();
      // Of every five starts one is killed before it is ready.
      await (kill % 5 === 0 && kill < KILLS ? local.run(randomInt(3_000)) : local.run());
    }
    await Promise.race([answers(ANSWERS), failing]);
    writing.abort();
    await writers;
    await agreeAll();
  } finally {
    writing.abort();
    watching.abort();
    await Promise.all(watchers.map(({ ended }) => ended));
  }

  /** Waits for this many more answers. */
  async function answers(count: number): Promise<void> {
    const until = ledger.acknowledged + count;
    await waitFor(() => ledger.acknowledged >= until, { what: `${count} answers`, timeoutMs: 120_000 });
  }

  async function agreeAll(): Promise<void> {
    system.databaseUrl = await local.databaseUrl();
    const at = () => system;
    // The change stream drives what a crash has left undone: a signed document is signed at last.
    const rows = await settled('the books to be right', async () => {
      expect(await checkBooks(at, ledger)).toEqual([]);
      return picturePostgres(at);
    });
    expect(Object.keys(rows).length).toBeGreaterThan(CLIENTS);
    expect(await pictureList(at)).toEqual(rows);
    await settled('search to agree with Postgres', async () => expect(await pictureSearch(at)).toEqual(rows));

    const [log = [], ...others] = watchers.map(({ events }) => events);
    await settled('the feed to agree with Postgres', async () => expect(pictureFeed(log)).toEqual(rows));
    const offsets = log.map(({ offset }) => Number(offset));
    expect(offsets.every((offset, at) => offset > (offsets[at - 1] ?? 0))).toBe(true);
    await settled('all clients to have the same events', async () => {
      for (const events of others) expect(events.length).toBe(log.length);
    });
    // Each event once, in one order, on every client, whatever connections it came over.
    const told = JSON.stringify(log);
    for (const events of others) expect(JSON.stringify(events) === told).toBe(true);
    const connections = watchers.map((watcher) => watcher.connections);
    expect(Math.min(...connections), `connections: ${connections}`).toBeGreaterThan(2);
    await signaturesAgree(log);
    await viewsAgree();
    await topicsAgree(rows);
    await objectsAgree(Object.keys(rows));
  }

  /** What a crash left without a row is removed at the next start. */
  async function objectsAgree(ids: readonly string[]): Promise<void> {
    await local.stop();
    await local.run();
    const objects = diskObjects({ folder: join(local.dataFolder, 'objects') });
    await settled('the objects to agree with Postgres', async () => {
      const contents: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await objects.list('', after === undefined ? {} : { after });
        contents.push(
          ...page.flatMap(({ key }) => (key.endsWith('/content') ? [key.slice(0, -'/content'.length)] : [])),
        );
        after = page.at(-1)?.key;
        if (after === undefined) break;
      }
      expect(contents).toEqual(ids);
    });
  }

  async function signaturesAgree(log: readonly { type: string; data: Record<string, unknown> }[]): Promise<void> {
    const added = log.filter(({ type }) => type === 'signature.added').map(({ data }) => String(data['signature_id']));
    expect(new Set(added).size).toBe(added.length);
    const rows = await query(() => system, 'SELECT id::text FROM signatures.signatures');
    const told = new Set(added);
    expect(rows.filter(({ id }) => !told.has(id))).toEqual([]);
  }

  async function viewsAgree(): Promise<void> {
    const living = ledger.entries.filter(({ deleted }) => deleted === 'no');
    for (const { id, views, doubtfulViews } of living) {
      const { body } = await get(`${system.gateway}/documents/${id}/stats`);
      expect(body.total_views, id).toBeGreaterThanOrEqual(views);
      expect(body.total_views, id).toBeLessThanOrEqual(views + doubtfulViews);
      expect(body.unique_views, id).toBe(body.total_views > 0 ? 1 : 0);
    }
  }

  async function topicsAgree(rows: object): Promise<void> {
    const [log] = await query(
      () => system,
      `SELECT quote_ident(n.nspname) AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'log_events'`,
    );
    const events = await query(
      () => system,
      `SELECT convert_from(e.data, 'UTF8') AS value FROM ${log.schema}.log_events e JOIN ${log.schema}.log_topics t ON t.id = e.topic
       WHERE t.name = 'cdc.documents' AND e.data IS NOT NULL ORDER BY e.partition, e.log_offset`,
    );
    const versions = new Map<string, number>();
    for (const { value } of events) {
      const { op, before, after } = JSON.parse(value);
      const id = (after ?? before).id;
      const former = versions.get(id) ?? 0;
      expect(before?.version ?? 0, id).toBe(former);
      if (op === 'd') versions.delete(id);
      else versions.set(id, after.version);
    }
    expect([...versions.keys()].sort()).toEqual(Object.keys(rows));
  }
});

/** Waits until it does not throw any more; what it throws at the end is what failed. */
async function settled<T>(what: string, check: () => Promise<T>): Promise<T> {
  let last: unknown;
  const attempt = async () => {
    try {
      return { value: await check() };
    } catch (error) {
      last = error;
      return undefined;
    }
  };
  try {
    return (await waitFor(attempt, { what, timeoutMs: 120_000 })).value;
  } catch (error) {
    throw last ?? error;
  }
}
