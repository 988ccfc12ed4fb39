import {
  ComponentError,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
  refuseUnknownOptions,
  storedEvent,
} from '@sluice/contracts';
import { checkCount, type StoreOptions, storeConnection } from '../connection/store-connection.js';
import { fromColumn, hashOfText, toColumn } from '../connection/text-column.js';
import { type Condition, conditionsOf, isId } from './filter.js';
import { type ActionRow, actionOf, type LetterRow, letterColumns, letterOf, withId } from './rows.js';
import { deadLetterStatements, LETTER_COLUMNS } from './statements.js';

/** Where dead letters are kept. */
export interface PostgresDeadLettersOptions extends StoreOptions {
  /** The most bytes that an event may take as text; above it `put` rejects with `EVENT_TOO_LARGE_TO_STORE`. Default: 128 MiB. */
  readonly maxEventBytes?: number;
}

/** Letters that a listing without a limit gives. */
const LIST_LIMIT = 100;

/**
 * Keeps dead letters in Postgres, with their audit trails. The tables are made at first use. Each method is one statement, however
 * many letters it has. Events are kept by `storedEvent`: nothing in them is refused, and they come back as they were.
 *
 * @throws ComponentError `OPTIONS_INVALID`; its methods reject with `STORE_PG_*`, `DEAD_LETTER_NOT_WAITING`, and what
 * `storedEvent` and `restoredEvent` throw.
 */
export function postgresDeadLetters(options: PostgresDeadLettersOptions): DeadLetterStore {
  refuseUnknownOptions('postgresDeadLetters', options, [
    'connection',
    'schema',
    'maxConnections',
    'statementTimeoutMs',
    'maxEventBytes',
  ]);
  const maxBytes = checkCount('maxEventBytes', options.maxEventBytes ?? 128 * 1024 * 1024);
  const database = storeConnection(options);
  const sql = deadLetterStatements(database);

  return {
    async put(letters) {
      if (letters.length === 0) return;
      const columns = letterColumns(letters, maxBytes);
      await database.transaction('storing dead letters', async (ask) => {
        // One at a time, so that letters become visible in the order of their ids.
        await ask(sql.lock, []);
        await ask(sql.put, columns);
      });
    },
    list: (filter) => list(filter),
    async get(id) {
      if (!isId(id)) return undefined;
      const select = `SELECT ${LETTER_COLUMNS} FROM ${sql.table} WHERE id = $1`;
      const [row] = await database.rows<LetterRow>('reading a dead letter', select, [id]);
      return row && letterOf(row);
    },
    async edit(id, event, by) {
      const text = storedEvent(event, { maxBytes });
      const done =
        isId(id) &&
        (await database.transaction('editing a dead letter', async (ask) => {
          const [held] = await ask<{ event_id: string }>(sql.holdWaiting, [id]);
          if (held === undefined) return false;
          const key = event.key === undefined ? [null, null] : [toColumn(event.key), hashOfText(event.key)];
          await ask(sql.edit, [id, withId(text, fromColumn(held.event_id)), ...key, toColumn(by)]);
          return true;
        }));
      if (done) return;
      throw new ComponentError('DEAD_LETTER_NOT_WAITING', `letter ${id} does not wait`, { details: { letter: id } });
    },
    request: (filter, by) => change('requesting a replay', sql.request, filter, by),
    discard: (filter, by) => change('discarding dead letters', sql.discard, filter, by),
    async resolve(outcomes, by) {
      const last = [...new Map(outcomes.filter(({ id }) => isId(id)).map((outcome) => [outcome.id, outcome])).values()];
      if (last.length === 0) return;
      const failed = last.map((outcome) => (outcome.outcome === 'failed' ? outcome : undefined));
      await database.rows('resolving dead letters', sql.resolve, [
        last.map(({ id }) => id),
        last.map(({ outcome }) => outcome),
        failed.map((outcome) => (outcome ? toColumn(outcome.cause.code) : null)),
        failed.map((outcome) => (outcome ? toColumn(outcome.cause.message) : null)),
        failed.map((outcome) => outcome?.attempts ?? 0),
        toColumn(by),
      ]);
    },
    async audit(id) {
      if (!isId(id)) return [];
      return (await database.rows<ActionRow>('reading an audit trail', sql.audit, [id])).map(actionOf);
    },
    async parkedKeys(pipeline, sink) {
      const given = [toColumn(pipeline), toColumn(sink)];
      const rows = await database.rows<{ event_key: string }>('reading parked keys', sql.parkedKeys, given);
      return new Set(rows.map(({ event_key }) => fromColumn(event_key)));
    },
    async attempts(pipeline, sink) {
      const given = [toColumn(pipeline), toColumn(sink)];
      const rows = await database.rows<{ event_id: string; attempts: string }>('reading tries', sql.attempts, given);
      return new Map(rows.map(({ event_id, attempts }) => [fromColumn(event_id), Number(attempts)]));
    },
    async noteAttempts(pipeline, sink, attempts) {
      if (attempts.size === 0) return;
      const ids = [...attempts.keys()];
      await database.rows('noting tries', sql.noteAttempts, [
        toColumn(pipeline),
        toColumn(sink),
        ids.map(hashOfText),
        ids.map(toColumn),
        [...attempts.values()],
      ]);
    },
    async prune(pipeline, before) {
      const [row] = await database.rows<{ count: string }>('pruning dead letters', sql.prune, [
        toColumn(pipeline),
        before,
      ]);
      return Number(row?.count ?? 0);
    },
    [Symbol.asyncDispose]: database.end,
  };

  async function list(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    const { where, values } = conditionsOf({ ...filter, limit: filter.limit ?? LIST_LIMIT });
    const select = `SELECT ${LETTER_COLUMNS} FROM ${sql.table} ${where}`;
    return (await database.rows<LetterRow>('listing dead letters', select, values)).map(letterOf);
  }

  async function change(doing: string, statement: (by: Condition) => string, filter: DeadLetterFilter, by: string) {
    const condition = conditionsOf(filter, [toColumn(by)]);
    const [row] = await database.rows<{ count: string }>(doing, statement(condition), condition.values);
    return Number(row?.count ?? 0);
  }
}
