import {
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterStatus,
  type Envelope,
  type NewDeadLetter,
  restoredEvent,
  storedEvent,
} from '@sluice/contracts';
import { fromColumn, hashOfText, toColumn } from '../connection/text-column.js';

/** A row of `dead_letters`. */
export interface LetterRow {
  readonly id: string;
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: string;
  readonly resume: string;
  readonly within: string;
  readonly status: DeadLetterStatus;
  readonly parked: boolean;
  readonly event: string;
  readonly original: Buffer | null;
  readonly stage: string;
  readonly cause_code: string;
  readonly cause_message: string;
  readonly attempts: string;
  readonly at: Date;
}

/** A row of `dead_letter_actions`. */
export interface ActionRow {
  readonly at: Date;
  readonly by: string;
  readonly action: DeadLetterAction['action'];
  readonly note: string | null;
}

export function letterOf(row: LetterRow): DeadLetter {
  const { original } = row;
  return {
    id: row.id,
    pipeline: fromColumn(row.pipeline),
    sink: fromColumn(row.sink),
    lane: fromColumn(row.lane),
    position: { resume: fromColumn(row.resume), within: Number(row.within) },
    status: row.status,
    parked: row.parked,
    event: restoredEvent(row.event),
    ...(original === null ? {} : { original: new Uint8Array(original) }),
    stage: fromColumn(row.stage),
    cause: { code: fromColumn(row.cause_code), message: fromColumn(row.cause_message) },
    attempts: Number(row.attempts),
    at: row.at,
  };
}

export function actionOf({ at, by, action, note }: ActionRow): DeadLetterAction {
  return { at, by: fromColumn(by), action, ...(note === null ? {} : { note: fromColumn(note) }) };
}

/** The columns of a `put`. Of two letters of one event the first one stays, with the cause of the second and both their attempts. */
export function letterColumns(letters: readonly NewDeadLetter[], maxBytes: number): unknown[] {
  const one = joined(letters);
  const text = (of: (letter: NewDeadLetter) => string) => one.map((letter) => toColumn(of(letter)));
  return [
    text(({ pipeline }) => pipeline),
    text(({ sink }) => sink),
    text(({ lane }) => lane),
    text(({ position }) => position.resume),
    one.map(({ position }) => position.within),
    one.map(({ parked }) => parked),
    text(({ event }) => event.id),
    one.map(({ event }) => (event.key === undefined ? null : toColumn(event.key))),
    one.map(({ event }) => hashOfEvent(event)),
    one.map(({ event }) => (event.key === undefined ? null : hashOfText(event.key))),
    one.map(({ event }) => storedEvent(event, { maxBytes })),
    one.map(({ original }) => (original === undefined ? null : Buffer.from(original))),
    text(({ stage }) => stage),
    text(({ cause }) => cause.code),
    text(({ cause }) => cause.message),
    one.map(({ attempts }) => attempts),
    one.map(({ at }) => at),
  ];
}

/** A stored event under another id: an edited event stays the one that it was. */
export function withId(stored: string, id: string): string {
  return JSON.stringify({ ...(JSON.parse(stored) as object), id });
}

/** An id is unique within its source. */
function hashOfEvent({ source, id }: Envelope<unknown>): Buffer {
  return hashOfText(JSON.stringify([source, id]));
}

function joined(letters: readonly NewDeadLetter[]): readonly NewDeadLetter[] {
  const one = new Map<string, NewDeadLetter>();
  for (const letter of letters) {
    const { pipeline, sink, event } = letter;
    const name = JSON.stringify([pipeline, sink, event.source, event.id]);
    const first = one.get(name);
    one.set(
      name,
      first === undefined
        ? letter
        : {
            ...first,
            cause: letter.attempts > 0 ? letter.cause : first.cause,
            attempts: first.attempts + letter.attempts,
            parked: first.parked || letter.parked,
          },
    );
  }
  return [...one.values()];
}
