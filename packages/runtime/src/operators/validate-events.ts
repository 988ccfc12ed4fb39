import { ComponentError, type Envelope, type StandardResult, type StandardSchemaV1 } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import type { Delivery, Failure } from '../delivery/delivery.js';
import { type Handle, inSequence } from './in-sequence.js';
import { isPromiseLike } from './promise-like.js';

/** The most paths, and characters of a path, that an error names. */
const MAX_PATHS = 10;
const MAX_PATH = 200;

/**
 * Lets events pass whose data fits the schema, as the schema makes it (defaults filled in, texts turned into dates). Takes any
 * Standard Schema (zod, valibot, arktype). Deletions pass as they are.
 *
 * An event that does not fit goes to the dead letters (or fails the pipeline) with `EVENT_INVALID`, which names the paths and
 * never a value; one whose validation throws goes there with what was thrown. A schema that answers with promises is waited
 * for, all events of a batch at once.
 *
 * Order: as received.
 */
export function validateEvents<T, U>(schema: StandardSchemaV1<unknown, U>): OperatorFunction<Delivery<T>, Delivery<U>> {
  const { validate } = schema['~standard'];
  return inSequence(
    'validateEvents',
    (): Handle<T, U> => (delivery, emit) => {
      const outcomes = delivery.events.map((event) => outcomeOf(event, validate));
      const finish = (settled: readonly (Outcome<U> | Refused)[]) => pass(delivery, settled, emit);
      if (outcomes.some((outcome) => outcome instanceof Promise)) return Promise.all(outcomes).then(finish);
      return finish(outcomes as (Outcome<U> | Refused)[]);
    },
  );
}

/** Undefined: a deletion, which is not validated. */
type Outcome<U> = StandardResult<U> | undefined;

class Refused {
  constructor(readonly cause: unknown) {}
}

function outcomeOf<U>(
  { data }: Envelope<unknown>,
  validate: StandardSchemaV1<unknown, U>['~standard']['validate'],
): Outcome<U> | Refused | Promise<Outcome<U> | Refused> {
  if (data === null) return undefined;
  try {
    const outcome = validate(data);
    return isPromiseLike(outcome) ? answered(outcome) : judged(outcome);
  } catch (cause) {
    return new Refused(cause);
  }
}

async function answered<U>(outcome: PromiseLike<StandardResult<U>>): Promise<StandardResult<U> | Refused> {
  try {
    return judged(await outcome);
  } catch (cause) {
    return new Refused(cause);
  }
}

/** A schema that says nothing has accepted nothing. */
function judged<U>(outcome: StandardResult<U>): StandardResult<U> | Refused {
  return typeof outcome === 'object' && outcome !== null
    ? outcome
    : new Refused(new TypeError('the schema gave no result'));
}

function pass<T, U>(
  delivery: Delivery<T>,
  outcomes: readonly (Outcome<U> | Refused)[],
  emit: (made: Delivery<U>) => void,
): void {
  const failures: Failure[] = [];
  const made: Envelope<U>[] = [];
  for (const [at, event] of delivery.events.entries()) {
    const outcome = outcomes[at];
    if (outcome === undefined) made.push(event as Envelope<never>);
    else if (outcome instanceof Refused) failures.push({ event, cause: outcome.cause });
    else if (outcome.issues) failures.push({ event, cause: invalid(outcome.issues) });
    else made.push(event.with(outcome.value));
  }
  delivery.divert(failures);
  if (made.length === 0) delivery.settle();
  else emit(delivery.with(made));
}

function invalid(issues: readonly { readonly path?: unknown }[]): ComponentError {
  const paths = [...new Set(issues.map(({ path }) => pathOf(path)))].slice(0, MAX_PATHS);
  return new ComponentError('EVENT_INVALID', `the data does not fit the schema at ${paths.join(', ')}`, {
    details: { paths, issues: issues.length },
  });
}

function pathOf(path: unknown): string {
  if (!Array.isArray(path) || path.length === 0) return '(the whole)';
  const steps = path.map((step: unknown) =>
    typeof step === 'object' && step !== null && 'key' in step ? step.key : step,
  );
  const text = steps.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`;
    return before === '' ? String(step) : `${before}.${String(step)}`;
  }, '');
  return text.length > MAX_PATH ? `${text.slice(0, MAX_PATH)}…` : text;
}
