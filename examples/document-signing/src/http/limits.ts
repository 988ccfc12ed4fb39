/** How much, and how slowly, a client may send. */
export interface HttpLimits {
  /** Of a body, in bytes, where its route names no other limit. Default: 65,536. Above it: 413. */
  readonly bodyBytes: number;
  /** Of all bodies above 64 KiB together that are being received or answered, in bytes. Default: 256 MiB. Above it: 503. */
  readonly bodiesBytes: number;
  /** Of all headers together, in bytes. Default: 16,384. Above it: 431. */
  readonly headerBytes: number;
  /** Until all headers are there, in milliseconds. Default: 15,000. Then: 408. */
  readonly headersMs: number;
  /** Until the whole request is there, in milliseconds. Default: 60,000. Then: 408. */
  readonly requestMs: number;
  /**
   * Without a byte in either direction while a request is answered, in milliseconds: a client that does not read its answer keeps what that is
   * read from. Default: 75,000. Then the connection is closed.
   */
  readonly stalledMs: number;
  /** For which requests in progress are waited for when the service closes, in milliseconds. Default: 2,000. Then they are cut off. */
  readonly farewellMs: number;
  /** For which an idle connection is kept, in milliseconds. Default: 72,000. */
  readonly keepAliveMs: number;
  /** At once. Default: 10,000. More are closed. */
  readonly connections: number;
}

const DEFAULTS: HttpLimits = {
  bodyBytes: 65_536,
  bodiesBytes: 256 * 1_048_576,
  headerBytes: 16_384,
  headersMs: 15_000,
  requestMs: 60_000,
  stalledMs: 75_000,
  farewellMs: 2_000,
  keepAliveMs: 72_000,
  connections: 10_000,
};

/** The limits with their defaults. */
export function limitsOf(given: Partial<HttpLimits> = {}): HttpLimits {
  return { ...DEFAULTS, ...given };
}
