import { expect, test } from 'vitest';
import { postgresChanges, table } from '../../src/index.js';

const fine = { connection: 'postgres://localhost/x', tables: ['public.a'], slot: 's' } as const;

test.each<[string, object]>([
  ['slot', { slot: 'No Capitals' }],
  ['slot', { slot: 'x'.repeat(64) }],
  ['tables', { tables: [] }],
  ['tables', { tables: ['without_schema'] }],
  ['tables', { tables: undefined }],
  ['publication', { publication: '' }],
  ['publication', { publication: 'ü'.repeat(32) }],
  ['publication', { publication: {} }],
  ['tables', { tables: [`public.${'x'.repeat(64)}`] }],
  ['snapshot', { snapshot: 'none' }],
  ['connection', { connection: undefined }],
  ['connection', { connection: '' }],
  ['slot', { slot: undefined }],
  ['slott', { slott: 's' }],
  ['temprary', { slot: { name: 's', temprary: true } }],
  ['statusIntervalMs', { statusIntervalMs: 0 }],
  ['coalesceMs', { coalesceMs: Number.NaN }],
  ['maxMessageBytes', { maxMessageBytes: 1 }],
  ['reconnect.initialDelayMs', { reconnect: { initialDelayMs: -1 } }],
])('a bad %s is refused at construction and named', (option, over) => {
  const make = () => postgresChanges({ ...fine, ...over } as typeof fine);
  expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', details: { option } }));
});

test('the error never holds the connection string', () => {
  const make = () => postgresChanges({ ...fine, connection: 'postgres://u:secret@h/x', slot: '!' });
  expect(make).toThrow(expect.not.stringContaining('secret'));
});

test('changes are a union told apart by the literal table', () => {
  const documents = table<{ id: bigint; title: string }>()('public.documents');
  const authors = table<{ id: number; name: string }>()('public.authors');
  const source = postgresChanges({ ...fine, tables: [documents, authors] });
  type Data = NonNullable<typeof source extends import('@sluice/contracts').Source<infer C> ? C : never>;
  const title = (change: Data) =>
    change.table === 'public.documents' && change.op === 'insert' ? change.after.title : undefined;
  expect(title({ op: 'insert', table: 'public.documents', before: null, after: { id: 1n, title: 't' } })).toBe('t');
  expect(source.features).toEqual({ ack: 'cumulative', replayable: true });
});
