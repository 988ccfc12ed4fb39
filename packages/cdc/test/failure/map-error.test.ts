import { ComponentError } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { type Activity, mapError } from '../../src/failure/map-error.js';

const server = (code: string, message = '') => Object.assign(new Error(message), { code, severity: 'ERROR' });

test.each<[string, Activity, unknown]>([
  ['CDC_AUTH_FAILED', 'connect', server('28P01')],
  ['CDC_AUTH_FAILED', 'connect', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')],
  ['CDC_CONNECTION_LOST', 'connect', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })],
  ['CDC_CONNECTION_LOST', 'stream', server('57P01')],
  ['CDC_SLOT_ACTIVE', 'stream', server('55006')],
  ['CDC_SLOT_MISSING', 'start', server('42704', 'replication slot "x" does not exist')],
  ['CDC_PUBLICATION_MISSING', 'stream', server('42704', 'Publikation »x« existiert nicht')],
  ['CDC_CONNECTION_LOST', 'connect', server('55000', 'database "x" is not currently accepting connections')],
  ['CDC_SLOT_INVALIDATED', 'start', server('55000', 'can no longer get changes from replication slot "x"')],
  ['CDC_WAL_LEVEL', 'slot', server('55000', 'logical decoding requires "wal_level" >= "logical"')],
  ['CDC_SLOT_LIMIT', 'slot', server('53400')],
  ['CDC_TABLE_MISSING', 'publication', server('42P01')],
  ['CDC_PERMISSION_DENIED', 'snapshot', server('42501')],
  ['CDC_SERVER_ERROR', 'query', server('XX000', 'row (1, secret)')],
])('%s', (code, activity, thrown) => {
  const error = mapError(thrown, activity);
  expect(error.code).toBe(code);
  expect(error.advice).not.toBe('');
  expect(error.message).not.toContain('secret');
});

test('an error of ours stays as it is', () => {
  const error = new ComponentError('CDC_PROTOCOL', 'x');
  expect(mapError(error, 'query')).toBe(error);
});
