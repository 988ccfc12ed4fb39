import { setMaxListeners } from 'node:events';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { type TraceContext, traceContextOf } from '@sluice/contracts';
import type { ServerCall } from '../service/server-call.js';
import type { FailureStatus, GrpcStatus } from '../status/status.js';
import { StatusError } from '../status/status-error.js';
import type { CallMeter } from '../telemetry/call-meter.js';
import type { CallsInProgress } from './calls-in-progress.js';

/** What the calls of grpc-js, of all kinds, have in common. */
export interface WireCall extends Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getDeadline' | 'getPeer'> {
  on(event: 'cancelled', listener: () => void): unknown;
}

/**
 * A call from its arrival to the end of its handler.
 *
 * Two things end apart: the *answer* (a status was sent, or nobody waits for one any more: `over`), and the *handler*, which
 * may take longer to notice. Only when the handler has ended is the call out of those in progress.
 */
export class LiveCall implements ServerCall {
  readonly method: string;
  readonly deadline: number;
  /** The status that the call ended with, as seen from here; undefined until then. */
  over: GrpcStatus | undefined;
  private readonly wire: WireCall;
  private readonly calls: CallsInProgress;
  private readonly meter: CallMeter;
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout | undefined;
  private controller: AbortController | undefined;
  private givenUp: ((why: StatusError) => void) | undefined;

  /** `deadlineMs` is for a caller that gave no deadline; undefined for a stream, which may last. */
  constructor(
    wire: WireCall,
    method: string,
    calls: CallsInProgress,
    meter: CallMeter,
    deadlineMs: number | undefined,
  ) {
    this.wire = wire;
    this.method = method;
    this.calls = calls;
    this.meter = meter;
    const given = Number(wire.getDeadline());
    if (given === Number.POSITIVE_INFINITY && deadlineMs !== undefined) {
      this.deadline = Date.now() + deadlineMs;
      this.timer = setTimeout(() => this.giveUp('DEADLINE_EXCEEDED'), deadlineMs);
    } else this.deadline = given;
    // grpc-js says so at the end of every call, at the deadline that the caller gave too.
    wire.on('cancelled', () => this.giveUp(Date.now() >= this.deadline ? 'DEADLINE_EXCEEDED' : 'CANCELLED'));
    calls.add(this);
  }

  /** Made when asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      setMaxListeners(0, this.controller.signal);
      if (this.over !== undefined) this.controller.abort(whyOver(this.over));
    }
    return this.controller.signal;
  }

  get draining(): AbortSignal {
    return this.calls.draining;
  }

  get trace(): TraceContext | undefined {
    return traceContextOf({ traceparent: this.header('traceparent'), tracestate: this.header('tracestate') });
  }

  get peer(): string {
    return this.wire.getPeer();
  }

  header(name: string): string | undefined {
    const [value] = this.wire.metadata.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Says what to do when the call is given up before it is answered. */
  whenGivenUp(act: (why: StatusError) => void): void {
    this.givenUp = act;
  }

  /** The call has its answer. False when it was over before. */
  answered(status: GrpcStatus): boolean {
    if (this.over !== undefined) return false;
    this.over = status;
    clearTimeout(this.timer);
    this.meter.ended(status, this.startedAt);
    return true;
  }

  /** The call gets no answer from its handler. */
  giveUp(status: FailureStatus): void {
    if (!this.answered(status)) return;
    const why = whyOver(status);
    this.controller?.abort(why);
    this.givenUp?.(why);
  }

  handlerEnded(): void {
    this.calls.remove(this);
  }
}

function whyOver(status: GrpcStatus): StatusError {
  if (status === 'DEADLINE_EXCEEDED') return new StatusError(status, 'the deadline of the call passed');
  if (status === 'UNAVAILABLE') return new StatusError(status, 'the server stops');
  return new StatusError('CANCELLED', 'the call is over');
}
