import { ComponentError } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { fromPostgres, isDataError } from '../src/index.js';

const fromServer = (code: string, more: object = {}) =>
  Object.assign(new Error('it says "s3cret"'), { severity: 'ERROR', code, ...more });

test.each([
  ['08006', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['57P01', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['25P03', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['57P02', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['57P03', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['53300', 'STORE_PG_UNAVAILABLE', 'backoff'],
  ['40001', 'STORE_PG_CONFLICT', 'backoff'],
  ['40P01', 'STORE_PG_CONFLICT', 'backoff'],
  ['55P03', 'STORE_PG_CONFLICT', 'backoff'],
  ['28P01', 'STORE_PG_REFUSED', 'operator'],
  ['42P01', 'STORE_PG_REFUSED', 'operator'],
  ['42501', 'STORE_PG_REFUSED', 'operator'],
  ['3D000', 'STORE_PG_REFUSED', 'operator'],
  ['22P02', 'STORE_PG_DATA_REFUSED', 'never'],
  ['23505', 'STORE_PG_DATA_REFUSED', 'never'],
  ['XX000', 'STORE_PG_FAILED', 'backoff'],
])('SQLSTATE %s is %s, to be tried again: %s', (state, code, retry) => {
  expect(fromPostgres(fromServer(state), 'writing')).toMatchObject({ code, retry, details: { sqlState: state } });
});

test('an error without an answer of the server is one to try again', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(fromPostgres(refused, 'writing')).toMatchObject({
    code: 'STORE_PG_UNAVAILABLE',
    retry: 'backoff',
    cause: refused,
  });
});

test('an error about a value names the constraint, and never shows the value', () => {
  const error = fromPostgres(
    fromServer('23505', { detail: 'Key (email)=(s3cret) already exists.', constraint: 'email_key', table: 'accounts' }),
    'writing',
  );
  expect(error.details).toEqual({ sqlState: '23505', table: 'accounts', constraint: 'email_key' });
  expect(`${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain('s3cret');
});

test('an error of ours passes through', () => {
  const ours = new ComponentError('CHECKPOINT_FENCED', 'stale');
  expect(fromPostgres(ours, 'writing')).toBe(ours);
});

test('only classes 22 and 23 are about data', () => {
  expect([fromServer('22003'), fromServer('23502'), fromServer('42703'), new Error('22003')].map(isDataError)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
