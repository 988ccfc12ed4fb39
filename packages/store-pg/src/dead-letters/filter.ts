import { ComponentError, type DeadLetterFilter } from '@sluice/contracts';
import { hashOfText, toColumn } from '../connection/text-column.js';

/** Which letters are meant, as part of a statement. */
export interface Condition {
  /** `WHERE …` of the conditions alone; `where` is that with the order and the limit. */
  readonly matches: string;
  readonly where: string;
  readonly order: string;
  readonly values: unknown[];
}

/** The conditions that a filter has; parameters come after those that are there. Texts of statements differ by which are given. */
export function conditionsOf(filter: DeadLetterFilter, before: readonly unknown[] = []): Condition {
  const { pipeline, sink, ids, key, status, after, limit } = filter;
  const values = [...before];
  const conditions: string[] = [];
  const add = (condition: (parameter: string) => string, value: unknown) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  add((at) => `pipeline = ${at}`, toColumn(pipeline));
  if (sink !== undefined) add((at) => `sink = ${at}`, toColumn(sink));
  if (ids !== undefined) add((at) => `id = ANY (${at}::bigint[])`, ids.filter(isId));
  if (key !== undefined) add((at) => `key_hash = ${at}`, hashOfText(key));
  if (status !== undefined) add((at) => `status = ${at}`, status);
  if (after !== undefined) add((at) => `id > ${at}`, checkId('after', after));
  const matches = `WHERE ${conditions.join(' AND ')}`;
  let order = 'ORDER BY dead_letters.id';
  if (limit !== undefined) {
    values.push(checkLimit(limit));
    order += ` LIMIT $${values.length}`;
  }
  return { matches, order, where: `${matches} ${order}`, values };
}

/** Whether the text can be the id of a letter of this store. */
export function isId(id: string): boolean {
  return /^[1-9][0-9]{0,17}$/.test(id);
}

function checkId(option: string, id: string): string {
  if (isId(id)) return id;
  throw new ComponentError('OPTIONS_INVALID', `${option}: this is no id of a letter of this store`);
}

function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new ComponentError('OPTIONS_INVALID', 'limit: give a whole number');
}
