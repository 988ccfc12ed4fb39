import type { IncomingMessage } from 'node:http';
import type { Connection } from '../connection/connection.js';
import type { MessageHandler } from '../connection/inbound.js';
import { within } from '../handshake/deadline.js';
import { CLOSE_TOKEN_EXPIRED } from '../hub/close-codes.js';
import type { Expiring, ExpiryClock } from '../token/expiry-clock.js';
import { type Authenticate, type Authorize, authorizedForAll, type Identity } from './identity.js';

/** What a session was made from: its channels, and the hooks that are asked again. */
export interface SessionOrigin {
  readonly hooks: { readonly authenticate?: Authenticate; readonly authorize?: Authorize };
  readonly request: IncomingMessage;
  readonly channels: readonly string[];
  /** How long the hooks may take together, in milliseconds. */
  readonly timeoutMs: number;
}

const NONE = {};
const REFUSED = { type: 'error', message: 'Refresh refused' };
const UNAVAILABLE = { type: 'error', message: 'Refresh not possible now' };

/**
 * The identity of one connection, until it ends: then the connection is closed with 4401.
 *
 * `{"type":"refresh","token"}` puts the end off, and is answered `{"type":"refreshed","expires_at"}`. The token must be good, of the same
 * subject, and be allowed every channel of the connection; otherwise the answer is an error and everything stays as it was.
 */
export class Session implements Expiring {
  expirySecond?: number | undefined;
  private readonly connection: Connection;
  private readonly subject: string;
  private readonly verify: Authenticate['verify'];
  private readonly allowed: ((identity: Identity) => Promise<boolean>) | undefined;
  private readonly timeoutMs: number;
  private readonly clock: ExpiryClock;
  private refreshing = false;

  constructor(connection: Connection, identity: Identity, origin: SessionOrigin, clock: ExpiryClock) {
    this.connection = connection;
    this.subject = identity.subject;
    this.verify = origin.hooks.authenticate?.verify;
    this.timeoutMs = origin.timeoutMs;
    this.allowed = this.verify && allowedAgain(origin);
    this.clock = clock;
    this.holdUntil(identity.expiresAt);
    connection.ws.once('close', () => clock.remove(this));
  }

  /** What answers the messages of a connection with such a session. */
  get handlers(): Readonly<Record<string, MessageHandler>> {
    if (this.verify === undefined) return NONE;
    return { refresh: ({ token }) => void this.refresh(token) };
  }

  expire(): void {
    this.connection.ws.close(CLOSE_TOKEN_EXPIRED, 'token expired');
  }

  private async refresh(token: unknown): Promise<void> {
    // One at a time: checking a signature is the dearest thing that a client can ask for.
    if (this.refreshing) return this.connection.send(REFUSED);
    this.refreshing = true;
    try {
      const identity = await within(this.timeoutMs, this.identityOf(token));
      if (this.connection.ws.readyState !== this.connection.ws.OPEN) return;
      if (identity === 'timeout') return this.connection.send(UNAVAILABLE);
      if (identity === null) return this.connection.send(REFUSED);
      this.holdUntil(identity.expiresAt);
      this.connection.send({ type: 'refreshed', expires_at: timeOf(identity.expiresAt) });
    } catch {
      // A hook's own error, keys that can't be fetched among them: the token that is held goes on until it ends.
      this.connection.send(UNAVAILABLE);
    } finally {
      this.refreshing = false;
    }
  }

  private async identityOf(token: unknown): Promise<Identity | null> {
    const identity = typeof token === 'string' ? await this.verify?.(token) : null;
    if (identity == null || identity.subject !== this.subject) return null;
    if (identity.expiresAt !== undefined && identity.expiresAt <= Date.now()) return null;
    return this.allowed === undefined || (await this.allowed(identity)) ? identity : null;
  }

  private holdUntil(expiresAt: number | undefined): void {
    if (expiresAt === undefined) this.clock.remove(this);
    else this.clock.put(this, expiresAt);
  }
}

/**
 * Asks for every channel again. The request is kept only where it is asked for again, as it is larger than all the rest of a connection:
 * so this is apart from the other listeners, which would share its variables.
 */
function allowedAgain({ hooks: { authorize }, request, channels }: SessionOrigin) {
  return authorize && ((renewed: Identity) => authorizedForAll(authorize, renewed, channels, request));
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
