import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Server } from '@grpc/grpc-js';
import { ComponentError } from '@sluice/contracts';
import { HealthBoard } from '../health/health-board.js';
import { healthService } from '../health/health-service.js';
import { duration } from '../options/numbers.js';
import { reflectionServices } from '../reflection/reflection-services.js';
import { ATTRIBUTES, METRICS } from '../telemetry/metrics.js';
import { bindService } from './bind-service.js';
import { CallsInProgress } from './calls-in-progress.js';
import { type GrpcDrainReport, shutDown } from './drain.js';
import { bind, type ListenOptions } from './listen.js';
import { type GrpcServerOptions, type ResolvedServerOptions, resolveServerOptions } from './server-options.js';

/**
 * A gRPC server for services made by `implement`.
 *
 * Every call with a single answer has a deadline: the caller's, or `deadlineMs`. When it passes, or the caller gives up, the
 * call's `signal` is aborted and whatever the handler returns later is dropped.
 *
 * Throws `OPTIONS_INVALID`.
 */
export function grpcServer(options: GrpcServerOptions): GrpcServer {
  return new BoundServer(resolveServerOptions(options));
}

/** How to end a server. */
export interface DrainOptions {
  /** How long calls in progress may take to end, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /**
   * How long new calls are still taken after health has changed to NOT_SERVING, in milliseconds: time for load balancers to
   * notice. Default: 0.
   */
  readonly noticeMs?: number;
}

/** See {@link grpcServer}. */
export interface GrpcServer extends AsyncDisposable {
  /** Once. Throws `OPTIONS_INVALID`, `GRPC_LISTEN_FAILED`, `GRPC_STATE`. */
  listen(options?: ListenOptions): Promise<{ readonly host: string; readonly port: number }>;
  /** Says whether a service serves, to those who ask its health. Throws `OPTIONS_INVALID` for one that the server does not have. */
  setServing(service: string, serving: boolean): void;
  /**
   * Health becomes NOT_SERVING, `draining` of the calls is aborted, new calls are refused, those in progress end. Called again,
   * it waits for the same end. Disposing is a drain too.
   */
  drain(options?: DrainOptions): Promise<GrpcDrainReport>;
}

class BoundServer implements GrpcServer {
  private readonly server: Server;
  private readonly board: HealthBoard;
  private readonly draining = new AbortController();
  private readonly calls: CallsInProgress;
  private readonly endGauges: () => void;
  private state: 'new' | 'listening' = 'new';
  private ending: Promise<GrpcDrainReport> | undefined;

  constructor(options: ResolvedServerOptions) {
    const { services, limits, telemetry } = options;
    this.server = new Server(wireOptions(options));
    // Each stream may listen.
    setMaxListeners(0, this.draining.signal);
    this.board = new HealthBoard(services.map(({ service }) => service.typeName));
    this.calls = new CallsInProgress(limits.maxConcurrentCalls, this.draining.signal);
    const frame = { deadlineMs: options.deadlineMs, maxBytes: limits.maxMessageBytes, failed: options.failed };
    for (const one of services) bindService(this.server, one, { ...frame, calls: this.calls, telemetry });
    // Questions about the server itself have a count of their own: a full server still says how it is.
    const asides = new CallsInProgress(MAX_ASIDES, this.draining.signal);
    const health = options.health ? [healthService(this.board)] : [];
    const described = [...services, ...health].map(({ service }) => service);
    const reflection = options.reflection ? reflectionServices(described) : [];
    for (const one of [...health, ...reflection]) {
      bindService(this.server, one, { ...frame, calls: asides, telemetry: undefined });
    }
    this.endGauges =
      telemetry?.gauges([METRICS.active], (record) =>
        record(METRICS.active, this.calls.size, { [ATTRIBUTES.system]: 'grpc' }),
      ) ?? (() => {});
  }

  async listen(options: ListenOptions = {}): Promise<{ readonly host: string; readonly port: number }> {
    if (this.state !== 'new' || this.ending) throw new ComponentError('GRPC_STATE', 'the server has listened already');
    this.state = 'listening';
    return bind(this.server, options);
  }

  setServing(service: string, serving: boolean): void {
    if (this.board.set(service, serving)) return;
    throw new ComponentError('OPTIONS_INVALID', `the server has no service ${service}`, {
      details: { option: 'service' },
    });
  }

  drain(options: DrainOptions = {}): Promise<GrpcDrainReport> {
    this.ending ??= this.end(
      options.timeoutMs === undefined ? 10_000 : duration('timeoutMs', options.timeoutMs),
      options.noticeMs ? duration('noticeMs', options.noticeMs) : 0,
    );
    return this.ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  private async end(timeoutMs: number, noticeMs: number): Promise<GrpcDrainReport> {
    this.board.stop();
    if (noticeMs > 0) await pause(noticeMs);
    this.draining.abort();
    try {
      return await shutDown(this.server, this.calls, timeoutMs);
    } finally {
      this.endGauges();
    }
  }
}

/** Questions about health and services at once. */
const MAX_ASIDES = 200;

function wireOptions({ limits, keepalive }: ResolvedServerOptions) {
  return {
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_send_message_length': limits.maxMessageBytes,
    // Of one connection. Above what is answered, so that a call too many is refused and does not wait unseen.
    'grpc.max_concurrent_streams': limits.maxConcurrentCalls + 2 * MAX_ASIDES,
    'grpc.keepalive_time_ms': keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.enable_channelz': 0,
  };
}
