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
  /** Lets a delivery in at stage `stage`; that of the sink is the number of operators. */
  inject(delivery: Delivery<unknown>, stage: number): void;
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
    /** Takes out of a delivery that has come to a stage what must go no further; undefined when nothing is left of it. */
    sift(delivery: Delivery<unknown>, stage: number): Delivery<unknown> | undefined;
    /** An operator's clean-up threw after it had completed. */
    cleanUpFailed(cause: unknown): void;
  },
): Chain {
  const input = new Subject<Delivery<unknown>>();
  const inputs: { next(delivery: Delivery<unknown>): void }[] = [input];
  let stream: Observable<Delivery<unknown>> = input;
  for (const [at, operator] of operators.entries()) {
    const watch = { custody, at, sift: end.sift, cleanUpFailed: end.cleanUpFailed };
    stream = watched(operator(stream as Observable<Delivery<never>>), watch, (out) => {
      inputs[at + 1] = out;
    });
  }
  const subscription = stream.subscribe(end);
  return {
    push(delivery) {
      custody.receive(delivery);
      const sifted = end.sift(delivery, 0);
      if (sifted !== undefined) input.next(sifted);
    },
    inject(delivery, stage) {
      custody.receive(delivery, stage);
      inputs[stage]?.next(delivery);
    },
    complete: () => input.complete(),
    subscription,
  };
}

function watched(
  stage: Observable<Delivery<unknown>>,
  { custody, at, sift, cleanUpFailed }: Watch,
  opened: (out: { next(delivery: Delivery<unknown>): void }) => void,
): Observable<Delivery<unknown>> {
  return new Observable((out) => {
    opened(out);
    return stage.subscribe({
      next(delivery) {
        let sifted: Delivery<unknown> | undefined;
        try {
          custody.pass(delivery, at);
          sifted = sift(delivery, at + 1);
        } catch (cause) {
          out.error(cause);
          return;
        }
        if (sifted !== undefined) out.next(sifted);
      },
      error: (cause) => out.error(cause),
      complete() {
        try {
          out.complete();
        } catch (cause) {
          cleanUpFailed(cause);
        }
      },
    });
  });
}

interface Watch {
  readonly custody: Custody;
  readonly at: number;
  readonly sift: (delivery: Delivery<unknown>, stage: number) => Delivery<unknown> | undefined;
  readonly cleanUpFailed: (cause: unknown) => void;
}
