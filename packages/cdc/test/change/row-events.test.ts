import { Envelope, UNCHANGED } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { StreamOrigin } from '../../src/change/stream-origin.js';
import { type Change, rowEvents } from '../../src/index.js';

const origin = new StreamOrigin(
  { source: 'test', epoch: '1/1' },
  { commitLsn: 16, committedAt: 0, xid: 1, headers: {} },
  ['id'],
);
const event = (change: Change) => new Envelope<Change>(change, origin, 0);
const rows = (change: Change, options = {}) =>
  rowEvents(options)(change, event(change)).map(({ id, key, data }) => ({ id, key, data }));

test('an insert and a row of the snapshot are the row', () => {
  const after = { id: 1, a: 'x' };
  for (const op of ['insert', 'read'] as const) {
    expect(rows({ op, table: 't.t', before: null, after })).toEqual([{ id: '10-0', key: '1', data: after }]);
  }
});

test('a delete is an event whose data is null', () => {
  expect(rows({ op: 'delete', table: 't.t', before: { id: 1 }, after: null })).toEqual([
    { id: '10-0', key: '1', data: null },
  ]);
});

test('an update of another column is the row, with the full old row too', () => {
  const after = { id: 1, a: UNCHANGED };
  for (const before of [null, { id: 1, a: 'x' }]) {
    expect(rows({ op: 'update', table: 't.t', before, after })).toEqual([{ id: '10-0', key: '1', data: after }]);
  }
});

test('an update of the key deletes the old one first, under an id of its own', () => {
  const after = { id: 2, a: 'x' };
  expect(rows({ op: 'update', table: 't.t', before: { id: 1 }, after })).toEqual([
    { id: '10-0#old', key: '1', data: null },
    { id: '10-0', key: '2', data: after },
  ]);
});

test('a key that was not sent again because it is large did not change', () => {
  const after = { id: UNCHANGED, a: 'x' };
  expect(rows({ op: 'update', table: 't.t', before: { id: 'long' }, after })).toEqual([
    { id: '10-0', key: 'long', data: after },
  ]);
});

test('a truncate fails, unless it is to be skipped', () => {
  const truncate: Change = {
    op: 'truncate',
    table: 't.t',
    before: null,
    after: null,
    cascade: false,
    restartIdentity: false,
  };
  expect(() => rows(truncate)).toThrow(expect.objectContaining({ code: 'CDC_TRUNCATE' }));
  expect(rows(truncate, { truncate: 'skip' })).toEqual([]);
});
