import { inspect } from 'node:util';
import { isComponentError } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { mapError, mapServerError } from '../../src/failure/map-error.js';
import { postgresChanges } from '../../src/index.js';

const tables = ['public.rows'];
const all = (error: unknown) => inspect(error, { depth: 10, showHidden: true });
const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

test.each([
  'postgres://user:hunter2 with spaces@host:bad port/db',
  'postgres://user:hunter2@[::1/db',
  'postgres://user:hunter2@host:99999999/db',
  'postgres://user:hunter2@host/db?sslrootcert=/nowhere/hunter2.pem',
])('a connection string that cannot be read is refused at once, and not repeated: %s', (connection) => {
  const error = thrownBy(() => postgresChanges({ connection, tables, slot: 's' }));
  expect(error).toMatchObject({ code: 'OPTIONS_INVALID', details: { option: 'connection' } });
  expect(all(error)).not.toContain('hunter2');
});

test.each([null, 7, true, []])('a connection that is none is refused: %s', (connection) => {
  const error = thrownBy(() => postgresChanges({ connection: connection as never, tables, slot: 's' }));
  expect(error).toMatchObject({ code: 'OPTIONS_INVALID', details: { option: 'connection' } });
});

test('a password that pg cannot use is an error of authentication that does not tell it', async () => {
  const source = postgresChanges({ connection: 'postgres://u:hunter2@127.0.0.1:1/db', tables, slot: 's' });
  const context = {
    pipeline: 'p',
    checkpoints: new Map(),
    maxBatchBytes: 1,
    signal: AbortSignal.timeout(5000),
    notice() {},
  };
  const error = await Promise.resolve(source.open(context)).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isComponentError(error)).toBe(true);
  expect(all(error)).not.toContain('hunter2');
});

test('what the server says of a value does not reach the error', () => {
  const said = { severity: 'ERROR', sqlState: '22P02', message: 'invalid input syntax for type integer: "hunter2"' };
  expect(all(mapServerError(said, 'snapshot'))).not.toContain('hunter2');
  const thrown = Object.assign(new Error(said.message), { severity: 'ERROR', code: '22P02', detail: 'hunter2' });
  expect(all(mapError(thrown, 'snapshot'))).not.toContain('hunter2');
});
