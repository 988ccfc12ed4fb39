import { postgresChanges } from '@sluice/cdc';
import { pipeline } from '@sluice/runtime';
import { waitFor } from '@sluice/testkit';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { openPool } from '../../src/database/pool.js';
import { createDocumentTables } from '../../src/document/tables.js';
import { openLog } from '../../src/http/log.js';
import { type RealtimeServiceParts, realtimeService } from '../../src/realtime/service.js';
import { createRealtimeTables } from '../../src/realtime/tables.js';
import { tokenIssuer } from '../../src/realtime/token-issuer.js';
import { createSignatureTables } from '../../src/signature/tables.js';

export const SECRET = 'the-secret-of-tests-has-33-bytes!';

/** A token for `ada@example.com`, whose id is `ada`. */
export const tokenFor = (userId = 'ada', documentId?: string, lifetimeS = 3_600) =>
  tokenIssuer(SECRET, lifetimeS)({ userId, email: `${userId}@example.com`, documentId });

/** The tables whose changes are told. */
export async function createTables(pool: ReturnType<typeof openPool>): Promise<void> {
  await createDocumentTables(pool);
  await createSignatureTables(pool);
}

/** The realtime service on a real database and a real port, fed by the changes of the tables. */
export async function startRealtime(
  connection: string,
  parts: Partial<RealtimeServiceParts> & { port?: number; replica?: string } = {},
) {
  const { port = 0, replica = 'a', ...rest } = parts;
  const pool = openPool(connection);
  await createTables(pool);
  await createRealtimeTables(pool);
  await createRealtimeTables(pool);
  const service = await realtimeService({ pool, secret: SECRET, log: openLog({ level: 'silent' }), ...rest }).catch(
    async (error: unknown) => {
      await pool.end();
      throw error;
    },
  );
  const url = await service.app.listen({ port, host: '127.0.0.1' });
  const changes = pipeline(`activity-${replica}`)
    .from(
      postgresChanges({
        connection,
        tables: ['documents.documents', 'signatures.signatures'],
        slot: slotOf(connection, replica),
      }),
    )
    .to(service.sink);
  const running = changes.run();
  running.catch(() => undefined);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await changes.drain({ timeoutMs: 10_000 });
    await running;
    await service.close();
    await pool.end();
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  onTestFinished(stopOnce);
  return {
    url,
    port: Number(new URL(url).port),
    pool,
    service,
    stop: stopOnce,
    caughtUp: () => changes.caughtUp({ timeoutMs: 30_000 }),
  };
}

/** A server's slots have one name for all its databases. */
function slotOf(connection: string, replica: string): string {
  return `activity_${replica}_${new URL(connection).pathname.replace(/\W/g, '_').toLowerCase()}`.slice(0, 63);
}

/** Writes as the services do. */
export function writer(pool: ReturnType<typeof openPool>) {
  const change = (id: string, set: string) =>
    pool.query(`UPDATE documents.documents SET ${set}, version = version + 1 WHERE id = $1`, [id]);
  return {
    async create(title = 'Lease'): Promise<string> {
      const { rows } = await pool.query<{ id: string }>(
        `WITH made AS (SELECT uuidv7() AS id)
         INSERT INTO documents.documents (id, title, content_type, content_size, s3_key, created_by)
         SELECT id, $1, 'text/plain', 4, id || '/content', 'ada@example.com' FROM made RETURNING id`,
        [title],
      );
      return rows[0]?.id as string;
    },
    rename: (id: string, title: string) => change(id, `title = '${title}'`),
    status: (id: string, status: string) => change(id, `status = '${status}'`),
    sign: (id: string) =>
      pool.query(
        `INSERT INTO signatures.signatures (document_id, signer_email, signer_name) VALUES ($1, 'grace@example.com', 'Grace')`,
        [id],
      ),
    remove: (id: string) => pool.query('DELETE FROM documents.documents WHERE id = $1', [id]),
  };
}

/** A client that keeps what it was told, and how it ended. */
export async function follow(url: string, path: string, token: string | undefined, options: ClientOptions = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: tests read messages freely
  const messages: any[] = [];
  const address = `${url.replace('http', 'ws')}${path}`;
  const socket = new WebSocket(address, token === undefined ? [] : ['bearer', token], options);
  onTestFinished(() => socket.terminate());
  socket.on('message', (text) => messages.push(JSON.parse(text.toString())));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const status = await new Promise<number>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once('open', () => resolve(101));
  });
  const events = () => messages.filter(({ offset }) => offset !== undefined);
  return {
    status,
    socket,
    messages,
    closed,
    events,
    types: () => events().map(({ type }) => type),
    seen: (count: number) =>
      waitFor(() => messages.length >= count, { what: `${count} messages`, timeoutMs: 30_000 }).then(() => messages),
  };
}
