import { Observable, type OperatorFunction, Subject, type Subscription } from 'rxjs';
import type { Custody, StageSetting } from '../custody/custody.js';
import type { Delivery } from '../delivery/delivery.js';
import { HOLDS } from '../operators/batch-by.js';
import { KEEPS_AT_MOST } from '../operators/timeout-events.js';

type Step = OperatorFunction<Delivery<never>, Delivery<unknown>>;

/** The stages of a pipeline by name, the sink last. */
export function stagesOf(operators: readonly Step[], sink: string): StageSetting[] {
  return [
    ...operators.map((operator, at) => ({
      name: `stage ${at + 1} (${operator.name || 'an operator of your own'})`,
      holds: HOLDS in operator,
      keepsAtMostMs: KEEPS_AT_MOST in operator ? (operator[KEEPS_AT_MOST] as number) : undefined,
    })),
    { name: `sink ${sink}`, holds: true },
  ];
}

/** One generation of the operators, connected. */
export interface Chain {
  push(delivery: Delivery<unknown>): void;
  /** The source has no more: operators emit what they hold. */
  complete(): void;
  readonly subscription: Subscription;
}

/**
 * Connects the operators, with custody between each two: what comes out of one is checked against what went in. Without
 * operators a delivery goes straight on.
 */
export function connect(
  operators: readonly Step[],
  custody: Custody,
  end: {
    next(delivery: Delivery<unknown>): void;
    error(cause: unknown): void;
    complete(): void;
    /** An operator's clean-up threw after it had completed. */
    cleanUpFailed(cause: unknown): void;
  },
): Chain {
  const input = new Subject<Delivery<unknown>>();
  let stream: Observable<Delivery<unknown>> = input;
  for (const [at, operator] of operators.entries()) {
    stream = watched(operator(stream as Observable<Delivery<never>>), custody, at, end.cleanUpFailed);
  }
  const subscription = stream.subscribe(end);
  return {
    push(delivery) {
      custody.receive(delivery);
      input.next(delivery);
    },
    complete: () => input.complete(),
    subscription,
  };
}

function watched(
  stage: Observable<Delivery<unknown>>,
  custody: Custody,
  at: number,
  cleanUpFailed: (cause: unknown) => void,
): Observable<Delivery<unknown>> {
  return new Observable((out) =>
    stage.subscribe({
      next(delivery) {
        try {
          custody.pass(delivery, at);
        } catch (cause) {
          out.error(cause);
          return;
        }
        out.next(delivery);
      },
      error: (cause) => out.error(cause),
      complete() {
        try {
          out.complete();
        } catch (cause) {
          cleanUpFailed(cause);
        }
      },
    }),
  );
}
