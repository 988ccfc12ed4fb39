import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import { type ErrorDetails, isComponentError, type RetryClass } from '@sluice/contracts';
import { ErrorInfoSchema } from '../generated/google/rpc/error_details_pb.js';
import { StatusSchema } from '../generated/google/rpc/status_pb.js';
import { ADVICE, DETAILS_TRAILER, DOMAIN, RETRY } from './details-trailer.js';
import { type FailureStatus, statusCode } from './status.js';
import { isStatusError } from './status-error.js';

/** A status as grpc-js takes it. */
export interface WireStatus {
  readonly name: FailureStatus;
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Trailers share a limit with all headers (8 KiB where a proxy is in between), so that texts in them are cut. */
const MAX_TEXT = 1_024;

/** What the caller is told of an error that is none of ours: anything in it could be a secret. */
const NEUTRAL = 'The server failed';

/**
 * The status that a caller gets for what a handler threw.
 *
 * - a `StatusError`: its status, message, reason, details, advice;
 * - another `ComponentError` (a store that is down, an upstream that said no): UNAVAILABLE when trying again may help, else
 *   INTERNAL; with its code, retry class and advice, which are constants; without its message and details;
 * - anything else: INTERNAL and a neutral text.
 */
export function errorToStatus(error: unknown): WireStatus {
  if (isStatusError(error)) {
    const { status, told, retry, advice, details } = error;
    return wireStatus(status, told, { reason: error.reason ?? error.code, retry, advice, details });
  }
  if (isComponentError(error)) {
    const { code, retry, advice } = error;
    const transient = retry === 'now' || retry === 'backoff';
    return wireStatus(transient ? 'UNAVAILABLE' : 'INTERNAL', `${NEUTRAL}: ${code}`, { reason: code, retry, advice });
  }
  return wireStatus('INTERNAL', NEUTRAL, undefined);
}

interface Info {
  readonly reason: string;
  readonly retry: RetryClass;
  readonly advice: string;
  readonly details?: ErrorDetails;
}

function wireStatus(name: FailureStatus, message: string, info: Info | undefined): WireStatus {
  const code = statusCode(name);
  const details = wellFormed(message);
  const metadata = new Metadata();
  if (info !== undefined) metadata.set(DETAILS_TRAILER, packed(code, details, info));
  return { name, code, details, metadata };
}

function packed(code: number, message: string, { reason, retry, advice, details = {} }: Info): Buffer {
  const metadata: Record<string, string> = { [RETRY]: retry, [ADVICE]: wellFormed(advice) };
  let room = MAX_TEXT;
  for (const [name, value] of Object.entries(details)) {
    const text = wellFormed(String(value));
    room -= name.length + text.length;
    if (room < 0) break;
    metadata[name] ??= text;
  }
  const info = create(ErrorInfoSchema, { reason: wellFormed(reason), domain: DOMAIN, metadata });
  const status = create(StatusSchema, { code, message, details: [anyPack(ErrorInfoSchema, info)] });
  return Buffer.from(toBinary(StatusSchema, status));
}

/** At most `MAX_TEXT` characters, and no half of a surrogate pair: neither UTF-8 nor a percent encoding has a form for it. */
function wellFormed(text: string): string {
  return Buffer.from(text.slice(0, MAX_TEXT)).toString();
}
