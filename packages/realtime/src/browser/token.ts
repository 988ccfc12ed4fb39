/** Gives a token for the server, a fresh one each time it is asked. */
export type TokenSource = () => string | Promise<string>;

/** The longest that a browser's timer can wait. */
const LONGEST_MS = 2_147_483_647;
const SOONEST_MS = 1_000;
const RETRY_MS = 5_000;
const MOST_EARLY_MS = 60_000;

/**
 * Sends a new token over an open connection before the one it was opened with ends: a minute before, or a fifth of the time that is
 * left when that is less. The end is read from the token itself (`exp`); one that does not say it is not renewed, and the server closes
 * the connection when it ends. So it does when no new token can be had: the next try asks for one again.
 */
export class TokenRenewal {
  private readonly source: TokenSource;
  private readonly send: (message: string) => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(source: TokenSource, send: (message: string) => void) {
    this.source = source;
    this.send = send;
  }

  /** Waits for the time to renew this token. */
  hold(token: string): void {
    const end = expiryOf(token);
    if (end === undefined) return;
    const left = end - Date.now();
    this.after(left - Math.min(MOST_EARLY_MS, left / 5), () => void this.renew());
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async renew(): Promise<void> {
    let token: string;
    try {
      token = await this.source();
    } catch {
      // A token endpoint that is down: there is still time, or the server closes the connection.
      this.after(RETRY_MS, () => void this.renew());
      return;
    }
    if (this.stopped) return;
    this.send(JSON.stringify({ type: 'refresh', token }));
    this.hold(token);
  }

  private after(ms: number, then: () => void): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer =
      ms > LONGEST_MS
        ? setTimeout(() => this.after(ms - LONGEST_MS, then), LONGEST_MS)
        : setTimeout(then, Math.max(ms, SOONEST_MS));
  }
}

/** When a JSON Web Token ends, in milliseconds since the epoch; `undefined` for whatever does not say so. */
export function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    // Some other kind of token.
    return undefined;
  }
}

/** Whether the message is the server's answer to a token that was sent to it. */
export function isRefreshed(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'refreshed';
}
