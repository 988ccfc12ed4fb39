import { defaultMaxListeners, getMaxListeners, setMaxListeners } from 'node:events';
import type { DescMethod } from '@bufbuild/protobuf';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { ComponentError, type Telemetry } from '@sluice/contracts';
import { decoder, encoder } from '../service/wire-message.js';
import { statusName } from '../status/status.js';
import { brokenOff, statusToError } from '../status/status-to-error.js';
import { type CallMeter, callMeter } from '../telemetry/call-meter.js';
import { METRICS } from '../telemetry/metrics.js';

/** What all calls of one method share. */
export interface MethodCalls {
  readonly client: Client;
  /** `package.Service/Method` */
  readonly name: string;
  /** As HTTP/2 has it: with a slash before. */
  readonly path: string;
  /** For calls with a single answer. */
  readonly deadlineMs: number;
  readonly meter: CallMeter;
  /** All calls of the client that are in progress, of other methods too. */
  readonly inProgress: Set<Attempt>;
  encode(message: unknown): Buffer;
  decode(bytes: Buffer): unknown;
}

/** What the calls of `method` share on the connection of `client`. */
export function methodCalls(
  method: DescMethod,
  client: Client,
  deadlineMs: number,
  inProgress: Set<Attempt>,
  telemetry: Telemetry | undefined,
): MethodCalls {
  const name = `${method.parent.typeName}/${method.name}`;
  return {
    client,
    name,
    path: `/${name}`,
    deadlineMs,
    inProgress,
    meter: callMeter(telemetry, METRICS.client, name),
    encode: encoder(method.input),
    decode: decoder(method.output),
  };
}

/** Many calls may share a signal: that is no leak, which Node would warn of above 10. */
function allowMany(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(MANY, signal);
  } catch {
    // Node 20 asks for the number, and throws when it is 0: without a limit, as it should be.
  }
}

const MANY = 10_000;

/** The part of a call of grpc-js that is needed here. */
interface Cancellable {
  cancel(): void;
}

/** One call: measured, and given up when one of its signals is aborted or the client is closed. */
export class Attempt {
  private readonly calls: MethodCalls;
  private readonly signals: readonly AbortSignal[];
  private readonly startedAt = performance.now();
  private wire: Cancellable | undefined;
  private ended = false;
  private givenUp = false;

  constructor(calls: MethodCalls, signals: readonly AbortSignal[]) {
    this.calls = calls;
    this.signals = signals;
  }

  /** Throws `GRPC_CANCELLED` when a signal was aborted before, `GRPC_STATE` when the client is closed. */
  begin<W extends Cancellable>(open: () => W): W {
    if (this.aborted !== undefined) throw cancelled(this.calls.name, this.aborted.reason);
    const wire = opened(open);
    this.wire = wire;
    this.calls.inProgress.add(this);
    for (const signal of this.signals) {
      allowMany(signal);
      signal.addEventListener('abort', this.abort, { once: true });
    }
    return wire;
  }

  /** Gives the call up; whoever made it learns so. */
  readonly abort = (): void => {
    this.givenUp = true;
    this.wire?.cancel();
  };

  succeeded(): void {
    if (this.end()) this.calls.meter.ended('OK', this.startedAt);
  }

  /** The call is over; whoever made it wants no more of it. */
  leave(): void {
    if (!this.end()) return;
    this.wire?.cancel();
    this.calls.meter.ended('CANCELLED', this.startedAt);
  }

  /** The error that the caller gets. */
  failed(failure: ServiceError): ComponentError {
    const error = this.givenUp ? failure : brokenOff(failure);
    if (this.end()) this.calls.meter.ended(statusName(error.code), this.startedAt);
    return statusToError(error, this.calls.name, this.aborted?.reason);
  }

  private get aborted(): AbortSignal | undefined {
    return this.signals.find((signal) => signal.aborted);
  }

  private end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.calls.inProgress.delete(this);
    for (const signal of this.signals) signal.removeEventListener('abort', this.abort);
    return true;
  }
}

/** What grpc-js takes for the deadline of a call. */
export function wireOptions(deadline: number | undefined): { deadline: number } | Record<string, never> {
  return deadline === undefined ? {} : { deadline };
}

function opened<W>(open: () => W): W {
  try {
    return open();
  } catch (cause) {
    throw new ComponentError('GRPC_STATE', 'the client is closed', { cause });
  }
}

function cancelled(method: string, cause: unknown): ComponentError {
  return new ComponentError('GRPC_CANCELLED', 'the call was given up before it began', {
    cause,
    details: { method, status: 'CANCELLED' },
  });
}
