import type { Envelope, Sink, Source } from '@sluice/contracts';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Delivery } from '../delivery/delivery.js';
import { route } from '../route/route.js';
import type { RouteOptions } from '../route/route-options.js';
import type { RoutedPipeline } from '../route/routed-pipeline.js';
import { type PipelineOptions, plan, type ToOptions } from './plan.js';
import { RunningPipeline } from './running-pipeline.js';

/**
 * Starts the composition of a pipeline. `name` identifies its checkpoints: 1 to 200 letters, digits, `_`, `.`, `:`, `-`.
 *
 * ```ts ignore
 * await pipeline('copy').from(source).pipe(mapEvents(toDocument)).to(sink, { checkpoints }).run();
 * ```
 */
export function pipeline(name: string, options: PipelineOptions = {}): { from<T>(source: Source<T>): Composition<T> } {
  return { from: (source) => new Composition(name, options, source, []) };
}

type Step<A, B> = OperatorFunction<Delivery<A>, Delivery<B>>;
type AnyStep = Step<never, unknown>;

/** A pipeline that has a source and no sink yet. Each call answers with a new one. */
export class Composition<T> {
  /** @internal Made by `pipeline(...).from(...)`. */
  constructor(
    private readonly name: string,
    private readonly options: PipelineOptions,
    private readonly source: Source<never> | Source<unknown>,
    private readonly operators: readonly AnyStep[],
  ) {}

  /** Adds operators: those of this package, and any of RxJS or your own that passes every delivery on. */
  pipe<A>(a: Step<T, A>): Composition<A>;
  pipe<A, B>(a: Step<T, A>, b: Step<A, B>): Composition<B>;
  pipe<A, B, C>(a: Step<T, A>, b: Step<A, B>, c: Step<B, C>): Composition<C>;
  pipe<A, B, C, D>(a: Step<T, A>, b: Step<A, B>, c: Step<B, C>, d: Step<C, D>): Composition<D>;
  pipe<A, B, C, D, E>(a: Step<T, A>, b: Step<A, B>, c: Step<B, C>, d: Step<C, D>, e: Step<D, E>): Composition<E>;
  pipe<A, B, C, D, E, F>(
    a: Step<T, A>,
    b: Step<A, B>,
    c: Step<B, C>,
    d: Step<C, D>,
    e: Step<D, E>,
    f: Step<E, F>,
  ): Composition<F>;
  pipe(...operators: AnyStep[]): Composition<unknown> {
    return new Composition(this.name, this.options, this.source, [...this.operators, ...operators]);
  }

  /**
   * Ends the composition at a sink.
   *
   * @throws ComponentError `OPTIONS_INVALID`, naming the option.
   */
  to(sink: Sink<T>, options: ToOptions = {}): RunningPipeline {
    const parts = { source: this.source as Source<unknown>, operators: this.operators, sink: sink as Sink<unknown> };
    return new RunningPipeline(plan(this.name, this.options, parts, options));
  }

  /**
   * Ends the composition at several sinks: each branch is composed of what it is given, and has checkpoints of its own. The
   * source is read once; the operators before the route run once for each branch.
   *
   * A branch that is ahead of the others waits once it is further ahead than the buffer; so a branch that is stuck holds the
   * source back, as a single sink would.
   *
   * @throws ComponentError `OPTIONS_INVALID`, naming the option or the branch.
   */
  route(
    branches: Readonly<Record<string, (branch: Composition<T>) => RunningPipeline>>,
    options: RouteOptions = {},
  ): RoutedPipeline {
    const { name: pipeline, source } = this;
    const over = (part: Source<unknown>) => new Composition<T>(pipeline, this.options, part, this.operators);
    return route({ pipeline, source: source as Source<unknown>, over, branches, options });
  }

  /**
   * The events one by one, for application code: subscribing runs the pipeline, unsubscribing drains it.
   *
   * Lossy: an event counts as done once the subscriber's `next` has returned; what the subscriber does with it afterwards is
   * lost in a crash. Events that were delivered but not checkpointed are delivered again.
   */
  toLossy(options: ToOptions = {}): Observable<Envelope<T>> {
    return new Observable((out) => {
      const running = this.to(subscriberSink(out), options);
      running.run().then(
        () => out.complete(),
        (error: unknown) => out.error(error),
      );
      return () => void running.drain();
    });
  }
}

function subscriberSink<T>(out: { next(event: Envelope<T>): void }): Sink<T> {
  return {
    name: 'subscriber',
    features: { delivery: 'plain' },
    async open() {
      return {
        async write(events) {
          for (const event of events) out.next(event);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}
