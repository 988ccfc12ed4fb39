import type { IncomingMessage } from 'node:http';
import { type Authenticate, type Authorize, authorizedForAll, type Identity } from '../identity/identity.js';

/** The hooks that decide who comes in, and into which channels. */
export interface AdmissionHooks {
  readonly authenticate?: Authenticate;
  readonly authorize?: Authorize;
  readonly channels: (
    request: IncomingMessage,
    url: URL,
    identity: Identity | null,
  ) => readonly string[] | null | Promise<readonly string[] | null>;
}

/** A client that may come in. */
export interface Admitted {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** `null` where nobody is asked who they are. */
  readonly identity: Identity | null;
  /** Each once. */
  readonly channels: readonly string[];
}

/** Why a handshake ended with an error. `detail` is what the client was told; `error` is what a hook threw, for a log. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly error?: unknown;
}

/** Asks the hooks, in this order: who it is (401), where it wants to go (404, 400), whether it may (403). */
export async function admit(
  request: IncomingMessage,
  url: URL,
  hooks: AdmissionHooks,
  maxChannels: number,
): Promise<Admitted | Refusal> {
  const identity = hooks.authenticate === undefined ? null : await hooks.authenticate(request, url);
  if (identity === null && hooks.authenticate !== undefined) return NOT_AUTHENTICATED;
  if (identity?.expiresAt !== undefined && identity.expiresAt <= Date.now()) return NOT_AUTHENTICATED;
  const asked = await hooks.channels(request, url, identity);
  if (asked === null) return { status: 404, detail: 'Not Found' };
  const channels = [...new Set(asked)];
  if (channels.length > maxChannels) return { status: 400, detail: 'Too many channels' };
  if (identity !== null && !(await authorizedForAll(hooks.authorize, identity, channels, request))) {
    return { status: 403, detail: 'Not allowed' };
  }
  return { request, url, identity, channels };
}

const NOT_AUTHENTICATED: Refusal = { status: 401, detail: 'Not authenticated' };
