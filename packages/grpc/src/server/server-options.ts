import { refuseUnknownOptions, type Telemetry } from '@sluice/contracts';
import { duration, invalid, positive } from '../options/numbers.js';
import type { ImplementedService } from '../service/implement.js';
import type { ServerCall } from '../service/server-call.js';

/** What a server, and a connection of it, may take. Every limit is finite. */
export interface ServerLimits {
  /** The largest message received or sent, in bytes; beyond it RESOURCE_EXHAUSTED. Default: 4,194,304. */
  readonly maxMessageBytes?: number;
  /** Calls in progress on all connections; one more is answered UNAVAILABLE. Default: 1,000. */
  readonly maxConcurrentCalls?: number;
}

/** When a silent connection counts as dead. */
export interface KeepaliveOptions {
  /** Silence after which the peer is asked, in milliseconds. */
  readonly intervalMs?: number;
  /** How long the peer may take to answer, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Options of {@link grpcServer}. */
export interface GrpcServerOptions {
  /** What `implement` returned. */
  readonly services: readonly ImplementedService[];
  /** Serve `grpc.health.v1.Health`. Default: true. */
  readonly health?: boolean;
  /** Serve reflection, v1 and v1alpha: whoever reaches the server may learn its services. Default: false. */
  readonly reflection?: boolean;
  /** Milliseconds for a call with a single answer whose caller gave no deadline. Default: 30,000. */
  readonly deadlineMs?: number;
  readonly limits?: ServerLimits;
  /** Default: `intervalMs` 30,000, `timeoutMs` 10,000. */
  readonly keepalive?: KeepaliveOptions;
  readonly telemetry?: Telemetry;
  /**
   * Told of each error that a handler threw and that is no `StatusError`: its caller learns next to nothing of it, so this is
   * the place to log it. What it throws itself is ignored.
   */
  readonly failed?: (error: unknown, call: ServerCall) => void;
}

/** {@link GrpcServerOptions} with every default filled in. */
export interface ResolvedServerOptions {
  readonly services: readonly ImplementedService[];
  readonly health: boolean;
  readonly reflection: boolean;
  readonly deadlineMs: number;
  readonly limits: Required<ServerLimits>;
  readonly keepalive: Required<KeepaliveOptions>;
  readonly telemetry: Telemetry | undefined;
  readonly failed: ((error: unknown, call: ServerCall) => void) | undefined;
}

const KNOWN = ['services', 'health', 'reflection', 'deadlineMs', 'limits', 'keepalive', 'telemetry', 'failed'];
const LIMITS: Required<ServerLimits> = { maxMessageBytes: 4_194_304, maxConcurrentCalls: 1_000 };

/** Fills in the defaults. Throws `OPTIONS_INVALID`, naming the option. */
export function resolveServerOptions(options: GrpcServerOptions): ResolvedServerOptions {
  refuseUnknownOptions('grpcServer', options, KNOWN);
  const { services, health = true, reflection = false, deadlineMs = 30_000, telemetry, failed } = options;
  if (!Array.isArray(services) || services.length === 0) throw invalid('services', 'must name at least one service');
  const names = services.map((one: ImplementedService) => one.service.typeName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid('services', `has ${twice} twice`);
  return {
    services,
    health,
    reflection,
    deadlineMs: duration('deadlineMs', deadlineMs),
    limits: positive('limits', LIMITS, options.limits),
    keepalive: positive('keepalive', { intervalMs: 30_000, timeoutMs: 10_000 }, options.keepalive),
    telemetry,
    failed,
  };
}
