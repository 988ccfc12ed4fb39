import { SUPERSEDED, UNCHANGED } from '@sluice/contracts';
import { describe, expect, test } from 'vitest';
import { JsonText } from '../../src/index.js';
import { ChangeDecoder } from '../../src/pgoutput/change-decoder.js';
import { Progress } from '../../src/pgoutput/progress.js';
import * as pgoutput from '../support/pgoutput-bytes.js';

const documents = pgoutput.relation({
  oid: 16400,
  name: 'documents',
  columns: [
    ['id', 20, true],
    ['title', 25],
    ['body', 3802],
  ],
});

function decoder(from = 0, within = 0, messages = true): { decode(...messages: Buffer[]): ChangeDecoder } {
  const it = new ChangeDecoder({ history: { source: 'test', epoch: '1/1' }, messages }, new Progress(from, within));
  return {
    decode(...all) {
      for (const bytes of all) it.decode(pgoutput.wire(bytes), 0, bytes.length);
      return it;
    },
  };
}

describe('rows', () => {
  test('an insert', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(0x100, 1_000_001),
      pgoutput.insert(16400, ['9007199254740993', 'Grüße 👋', '{"n": 1}']),
      pgoutput.commit(0x100, 0x130),
    );
    const frame = it.take();
    const [event] = frame?.events ?? [];
    expect(event?.data).toEqual({
      op: 'insert',
      table: 'public.documents',
      before: null,
      after: { id: 9007199254740993n, title: 'Grüße 👋', body: new JsonText('{"n": 1}') },
    });
    expect(event).toMatchObject({ id: '100-0', key: '9007199254740993', type: 'public.documents.insert' });
    expect(event?.time.toISOString()).toBe('2000-01-01T00:00:01.000Z');
    expect(event?.version).toEqual({ epoch: '1/1', value: 0x100n << 32n });
    expect(frame).toMatchObject({ position: { resume: '0000000000000130', within: 0 }, commits: [0] });
  });

  test('an unchanged TOAST value is neither null nor undefined', () => {
    const it = decoder().decode(documents, pgoutput.begin(1), pgoutput.update(16400, ['1', 'new', 'unchanged-toast']));
    expect(it.take()?.events[0]?.data).toMatchObject({ before: null, after: { title: 'new', body: UNCHANGED } });
  });

  test('an unchanged TOAST value is filled in from a full old row', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.update(16400, ['1', 'new', 'unchanged-toast'], ['O', ['1', 'old', '{}']]),
    );
    expect(it.take()?.events[0]?.data).toMatchObject({
      before: { title: 'old', body: new JsonText('{}') },
      after: { title: 'new', body: new JsonText('{}') },
    });
  });

  test('an update of the key tells the old key and nothing else', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.update(16400, ['2', 'x', null], ['K', ['1', null, null]]),
    );
    expect(it.take()?.events[0]?.data).toEqual({
      op: 'update',
      table: 'public.documents',
      before: { id: 1n },
      after: { id: 2n, title: 'x', body: null },
    });
  });

  test('a delete, by its key and by its row', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.remove(16400, 'K', ['1', null, null]),
      pgoutput.remove(16400, 'O', ['2', 'x', null]),
    );
    const events = it.take()?.events;
    expect(events?.map((event) => event.data?.before)).toEqual([{ id: 1n }, { id: 2n, title: 'x', body: null }]);
    expect(events?.map((event) => event.key)).toEqual(['1', '2']);
  });

  test('a truncate is one event for each table', () => {
    const other = pgoutput.relation({ oid: 2, name: 'other', columns: [['a', 23, true]] });
    const it = decoder().decode(documents, other, pgoutput.begin(1), pgoutput.truncate([16400, 2], 3));
    const events = it.take()?.events;
    expect(events?.map((event) => event.data?.table)).toEqual(['public.documents', 'public.other']);
    expect(events?.[1]?.data).toMatchObject({ op: 'truncate', cascade: true, restartIdentity: true });
  });

  test('a table that changes its shape in between', () => {
    const later = pgoutput.relation({
      oid: 16400,
      name: 'documents',
      columns: [
        ['id', 20, true],
        ['name', 25],
      ],
    });
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.insert(16400, ['1', 'a', null]),
      later,
      pgoutput.insert(16400, ['2', 'b']),
    );
    expect(it.take()?.events.map((event) => event.data?.after)).toEqual([
      { id: 1n, title: 'a', body: null },
      { id: 2n, name: 'b' },
    ]);
  });

  test('columns with the names of object members are columns', () => {
    const hostile = pgoutput.relation({
      oid: 1,
      name: 'hostile',
      columns: [
        ['__proto__', 25, true],
        ['constructor', 25],
        ['a"];throw 1;//', 25],
        ['\u2028', 25],
      ],
    });
    const it = decoder().decode(hostile, pgoutput.begin(1), pgoutput.insert(1, ['a', 'b', 'c', 'd']));
    const row = it.take()?.events[0]?.data?.after as object;
    expect(Object.entries(row)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['a"];throw 1;//', 'c'],
      ['\u2028', 'd'],
    ]);
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });
});

describe('transactions', () => {
  test('a batch ends at the last commit, plus what came after it', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.insert(16400, ['1', 'a', null]),
      pgoutput.commit(1, 5),
      pgoutput.begin(7),
      pgoutput.insert(16400, ['2', 'b', null]),
      pgoutput.insert(16400, ['3', 'c', null]),
    );
    expect(it.take()).toMatchObject({ position: { resume: '0000000000000005', within: 2 }, commits: [0] });
  });

  test('starts again in the middle, with the same ids', () => {
    const it = decoder(5, 2).decode(
      documents,
      pgoutput.begin(7),
      ...['2', '3', '4'].map((id) => pgoutput.insert(16400, [id, 'b', null])),
      pgoutput.commit(7, 9),
    );
    const frame = it.take();
    expect(frame?.events.map((event) => event.id)).toEqual(['7-2']);
    expect(frame).toMatchObject({ position: { resume: '0000000000000009', within: 0 }, commits: [0] });
  });

  test('a commit that comes after its last event was delivered is told at once', () => {
    const it = decoder().decode(documents, pgoutput.begin(1), pgoutput.insert(16400, ['1', 'a', null]));
    expect(it.take()?.position).toEqual({ resume: '0000000000000000', within: 1 });
    it.decode(pgoutput.wire(pgoutput.commit(1, 5)), 0, 26);
    expect(it.progress.due(0)).toEqual({ kind: 'progress', position: { resume: '0000000000000005', within: 0 } });
  });

  test('the context message gives its headers to the whole transaction and is no event', () => {
    const it = decoder().decode(
      documents,
      pgoutput.begin(1),
      pgoutput.message(1, 'sluice.context', '{"TraceParent":"00-1","n":1}'),
      pgoutput.insert(16400, ['1', 'a', null]),
    );
    const events = it.take()?.events;
    expect(events?.length).toBe(1);
    expect(events?.[0]?.headers).toEqual({ traceparent: '00-1' });
  });

  test('messages, within a transaction and outside of any', () => {
    const it = decoder().decode(
      pgoutput.message(9, 'alone', 'x', false),
      pgoutput.begin(9),
      pgoutput.message(9, 'part', 'y'),
      pgoutput.commit(9, 12),
    );
    const frame = it.take();
    expect(frame?.events.map((event) => [event.id, event.type])).toEqual([
      ['9-m', 'message.alone'],
      ['9-0', 'message.part'],
    ]);
    expect(frame?.commits).toEqual([0, 1]);
    expect(frame?.events[1]?.data).toMatchObject({ op: 'message', content: Uint8Array.of(0x79) });
  });

  test('messages of the transaction count also when nobody wants them: ids are the same either way', () => {
    const it = decoder(0, 0, false).decode(
      documents,
      pgoutput.begin(9),
      pgoutput.message(9, 'part', 'y'),
      pgoutput.insert(16400, ['1', 'a', null]),
    );
    expect(it.take()?.events.map((event) => event.id)).toEqual(['9-1']);
  });
});

describe('what a snapshot may contain already is marked', () => {
  const history = { source: 'test', epoch: '1/1' };
  const rekey = (from: string, to: string) =>
    pgoutput.update(16400, [to, 'x', 'unchanged-toast'], ['K', [from, null, null]]);
  const marksOf = (...all: Buffer[]) => {
    const it = new ChangeDecoder({ history, messages: false, seenBelow: 0x200 }, new Progress(0, 0));
    const marks: (string | undefined)[] = [];
    for (const bytes of [documents, ...all]) {
      it.decode(pgoutput.wire(bytes), 0, bytes.length);
      marks.push(...(it.take()?.events ?? []).map(({ headers }) => headers[SUPERSEDED]));
    }
    return marks;
  };

  test('below the bound, and nothing from there on', () => {
    const update = pgoutput.update(16400, ['1', 'x', 'unchanged-toast']);
    expect(
      marksOf(pgoutput.begin(0x1ff), update, pgoutput.commit(0x1ff, 0x200), pgoutput.begin(0x200), update),
    ).toEqual(['true', undefined]);
  });

  test('but for a move to a key that was given up before, in whatever batch', () => {
    expect(
      marksOf(
        pgoutput.begin(0x100),
        rekey('1', '9'),
        rekey('2', '1'),
        pgoutput.commit(0x100, 0x130),
        pgoutput.begin(0x140),
        pgoutput.remove(16400, 'K', ['7', null, null]),
        pgoutput.update(16400, ['7', 'x', 'unchanged-toast']),
        rekey('3', '7'),
        rekey('4', '8'),
      ),
    ).toEqual(['true', 'false', 'true', 'true', 'false', 'true']);
  });
});
