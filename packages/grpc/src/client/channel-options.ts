import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { ChannelOptions } from '@grpc/grpc-js';
import type { ResolvedClientOptions } from './client-options.js';

/** What grpc-js is told. Attempts, pauses and the buffer for another attempt are its own (gRFC A6). */
export function channelOptions(service: DescService, options: ResolvedClientOptions): ChannelOptions {
  const { retry, keepalive, reconnect, maxMessageBytes, tls } = options;
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.per_rpc_retry_buffer_size': maxMessageBytes,
    'grpc.keepalive_time_ms': keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.initial_reconnect_backoff_ms': reconnect.initialMs,
    'grpc.max_reconnect_backoff_ms': reconnect.maxMs,
    'grpc-node.retry_max_attempts_limit': retry.maxAttempts,
    // What a call does is said here, not in the DNS.
    'grpc.service_config_disable_resolution': 1,
    'grpc.service_config': JSON.stringify(serviceConfig(service, options)),
    'grpc.enable_channelz': 0,
    // No connection to another machine by way of a proxy that nobody named here.
    'grpc.enable_http_proxy': 0,
    ...(tls && tls.serverName !== undefined ? { 'grpc.ssl_target_name_override': tls.serverName } : {}),
  };
}

function serviceConfig(service: DescService, { retry }: ResolvedClientOptions): object {
  const { maxAttempts, initialMs, maxMs, codes } = retry;
  const retried = service.methods.filter((method) => isRetried(method, retry.methods));
  if (maxAttempts < 2 || retried.length === 0) return { loadBalancingConfig: [], methodConfig: [] };
  const retryPolicy = {
    maxAttempts,
    initialBackoff: `${initialMs / 1_000}s`,
    maxBackoff: `${maxMs / 1_000}s`,
    backoffMultiplier: 2,
    retryableStatusCodes: codes,
  };
  const name = retried.map((method) => ({ service: service.typeName, method: method.name }));
  return { loadBalancingConfig: [], methodConfig: [{ name, retryPolicy }] };
}

function isRetried({ idempotency, localName }: DescMethod, methods: 'idempotent' | 'all' | readonly string[]): boolean {
  if (methods === 'all') return true;
  if (methods !== 'idempotent') return methods.includes(localName);
  return idempotency === Idempotency.IDEMPOTENT || idempotency === Idempotency.NO_SIDE_EFFECTS;
}
