import type { Headers } from '@sluice/contracts';
import type { MessageChange } from '../change/change.js';
import { endOfString, i32, u8, u64, type WireBuffer } from '../wire/bytes.js';

/** A Message of pgoutput: what `pg_logical_emit_message` wrote. */
export interface LogicalMessage {
  readonly change: MessageChange;
  /** End of its WAL record. */
  readonly lsn: number;
}

/** Reads a Message; `at` is just behind its tag. The content is copied. */
export function readLogicalMessage(buffer: WireBuffer, at: number): LogicalMessage {
  const prefixEnd = endOfString(buffer, at + 9);
  const start = prefixEnd + 5;
  return {
    lsn: u64(buffer, at + 1),
    change: {
      op: 'message',
      table: null,
      before: null,
      after: null,
      prefix: buffer.utf8Slice(at + 9, prefixEnd),
      content: new Uint8Array(buffer.subarray(start, start + i32(buffer, prefixEnd + 1))),
      transactional: (u8(buffer, at) & 1) === 1,
    },
  };
}

/** Prefix of the message that gives its headers to the events of its transaction. */
export const CONTEXT_PREFIX = 'sluice.context';

/** The headers in a context message: a JSON object of strings. Anything else gives none: a foreign message harms nobody. */
export function contextHeaders(content: Uint8Array): Headers {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(content));
  } catch {
    return {}; // not ours, or damaged: the events themselves are fine
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const pairs = Object.entries(parsed).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}
