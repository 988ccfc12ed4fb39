import type { IncomingMessage } from 'node:http';
import { type Authenticate, type Authorize, authorizedForAll, type Identity } from '../identity/identity.js';
import type { JoinPlan } from '../recovery/plan.js';
import { type ChannelPosition, type ChannelRequest, requestsOf } from '../recovery/position.js';

/** The hooks that decide who comes in, and into which channels. */
export interface AdmissionHooks {
  readonly authenticate?: Authenticate;
  readonly authorize?: Authorize;
  readonly channels: (request: IncomingMessage, url: URL, identity: Identity | null) => Channels | Promise<Channels>;
}

/** The channels that a client joins, by name or with where it was; `null` for an address that there is nothing at. */
export type Channels = readonly (string | ChannelRequest)[] | null;

/** A client that may come in. */
export interface Admitted {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** `null` where nobody is asked who they are. */
  readonly identity: Identity | null;
  /** Each once. */
  readonly channels: readonly string[];
  /** The same channels, with what is known of where the client was. */
  readonly plans: readonly JoinPlan[];
}

/** Why a handshake ended with an error. `detail` is what the client was told; `error` is what a hook threw, for a log. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly error?: unknown;
}

/** How many channels a client may join, and how it is found out where it goes on in them. */
export interface Joining {
  readonly maxChannels: number;
  plan(requests: ReadonlyMap<string, ChannelPosition | undefined>): Promise<readonly JoinPlan[]>;
}

/** Asks the hooks, in this order: who it is (401), where it wants to go (404, 400), whether it may (403). */
export async function admit(
  request: IncomingMessage,
  url: URL,
  hooks: AdmissionHooks,
  { maxChannels, plan }: Joining,
): Promise<Admitted | Refusal> {
  const identity = hooks.authenticate === undefined ? null : await hooks.authenticate(request, url);
  if (identity === null && hooks.authenticate !== undefined) return NOT_AUTHENTICATED;
  if (identity?.expiresAt !== undefined && identity.expiresAt <= Date.now()) return NOT_AUTHENTICATED;
  const asked = await hooks.channels(request, url, identity);
  if (asked === null) return { status: 404, detail: 'Not Found' };
  const requests = requestsOf(asked, url.searchParams);
  const channels = [...requests.keys()];
  if (channels.length > maxChannels) return { status: 400, detail: 'Too many channels' };
  if (identity !== null && !(await authorizedForAll(hooks.authorize, identity, channels, request))) {
    return { status: 403, detail: 'Not allowed' };
  }
  return { request, url, identity, channels, plans: await plan(requests) };
}

const NOT_AUTHENTICATED: Refusal = { status: 401, detail: 'Not authenticated' };
