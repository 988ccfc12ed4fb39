import type { DescService } from '@bufbuild/protobuf';
import { refuseUnknownOptions, type Telemetry } from '@sluice/contracts';
import { duration, invalid, positive } from '../options/numbers.js';
import type { KeepaliveOptions } from '../server/server-options.js';
import type { FailureStatus } from '../status/status.js';
import type { ClientTls } from './credentials.js';

/** When a call is tried again, within its deadline. */
export interface ClientRetry {
  /** Attempts of a call, the first one included; 1 for none but the first. Default: 4. */
  readonly maxAttempts?: number;
  /** The first pause, in milliseconds; each further one is twice as long, all vary by a fifth. Default: 50. */
  readonly initialMs?: number;
  /** The longest pause, in milliseconds. Default: 1,000. */
  readonly maxMs?: number;
  /** Default: `UNAVAILABLE` alone. */
  readonly codes?: readonly FailureStatus[];
  /**
   * Which methods. `idempotent`: those that say so in the .proto (`option idempotency_level`), since a call that failed may
   * have been carried out; or their names in the generated code. Default: `idempotent`.
   */
  readonly methods?: 'idempotent' | 'all' | readonly string[];
}

/** Options of {@link grpcClient}. */
export interface GrpcClientOptions {
  /** `host:port`, `[::1]:port`, `unix:/path`, or a URI of gRPC such as `dns:///host:port`. */
  readonly address: string;
  /** Milliseconds for a call with a single answer. A stream has the deadline that it is called with, or none. Default: 5,000. */
  readonly deadlineMs?: number;
  /** Default: on for methods that are idempotent. */
  readonly retry?: ClientRetry;
  /** The largest message sent or received, in bytes. Default: 4,194,304. */
  readonly maxMessageBytes?: number;
  /**
   * Default: TLS with the usual roots; none when the address is of this machine. `{}` asks for TLS there too, `false` for none
   * anywhere.
   */
  readonly tls?: ClientTls | false;
  /**
   * While a call is in progress. Default: `intervalMs` 60,000, `timeoutMs` 10,000. Servers that allow fewer pings (Go and Java
   * do, unless told) close the connection of a stream that is silent for long.
   */
  readonly keepalive?: KeepaliveOptions;
  /** Pauses between attempts to connect, in milliseconds. Default: `initialMs` 100, `maxMs` 5,000. */
  readonly reconnect?: { readonly initialMs?: number; readonly maxMs?: number };
  readonly telemetry?: Telemetry;
}

/** {@link GrpcClientOptions} with every default filled in. */
export interface ResolvedClientOptions {
  readonly address: string;
  readonly deadlineMs: number;
  readonly retry: Required<ClientRetry>;
  readonly maxMessageBytes: number;
  readonly tls: ClientTls | false | undefined;
  readonly keepalive: Required<KeepaliveOptions>;
  readonly reconnect: { readonly initialMs: number; readonly maxMs: number };
  readonly telemetry: Telemetry | undefined;
}

const KNOWN = ['address', 'deadlineMs', 'retry', 'maxMessageBytes', 'tls', 'keepalive', 'reconnect', 'telemetry'];
const RETRIED: readonly FailureStatus[] = ['UNAVAILABLE'];
/** The server has answered, or never will in time. */
const NOT_RETRIED: readonly FailureStatus[] = ['CANCELLED', 'DEADLINE_EXCEEDED', 'INVALID_ARGUMENT', 'UNIMPLEMENTED'];

/** Fills in the defaults. Throws `OPTIONS_INVALID`, naming the option. */
export function resolveClientOptions(service: DescService, options: GrpcClientOptions): ResolvedClientOptions {
  refuseUnknownOptions('grpcClient', options, KNOWN);
  const { address, deadlineMs = 5_000, maxMessageBytes = 4_194_304, tls, telemetry } = options;
  if (typeof address !== 'string' || address === '') throw invalid('address', 'must be `host:port`');
  if (/^https?:/i.test(address))
    throw invalid('address', 'must be `host:port`, not a URL; `tls` says whether to encrypt');
  return {
    address,
    deadlineMs: duration('deadlineMs', deadlineMs),
    retry: resolveRetry(service, options.retry ?? {}),
    maxMessageBytes: duration('maxMessageBytes', maxMessageBytes),
    tls,
    keepalive: positive('keepalive', { intervalMs: 60_000, timeoutMs: 10_000 }, options.keepalive),
    reconnect: positive('reconnect', { initialMs: 100, maxMs: 5_000 }, options.reconnect),
    telemetry,
  };
}

function resolveRetry(service: DescService, { codes = RETRIED, methods = 'idempotent', ...pauses }: ClientRetry) {
  const futile = codes.find((code) => NOT_RETRIED.includes(code));
  if (futile !== undefined) throw invalid('retry.codes', `can't have ${futile}: another attempt would not change it`);
  if (codes.length === 0) throw invalid('retry.codes', 'must have one code or more; `maxAttempts: 1` tries once');
  const names = typeof methods === 'string' ? [] : methods;
  const unknown = names.find((name) => !service.methods.some(({ localName }) => localName === name));
  if (unknown !== undefined) throw invalid('retry.methods', `names ${unknown}, which ${service.name} does not have`);
  const numbers = positive('retry', { maxAttempts: 4, initialMs: 50, maxMs: 1_000 }, pauses);
  if (numbers.initialMs > numbers.maxMs) throw invalid('retry.initialMs', 'must not be above retry.maxMs');
  return { ...numbers, codes, methods };
}
