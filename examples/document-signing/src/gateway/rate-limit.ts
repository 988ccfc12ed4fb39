import { isIPv6 } from 'node:net';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

/** How much one client may ask. */
export interface RateLimit {
  /** Requests and handshakes in each period. */
  readonly requests: number;
  /** In seconds. */
  readonly seconds: number;
}

/** Counts requests by client. */
export interface RateLimiter {
  /** Undefined when the client may go on; else the seconds after which it may come back. */
  refuse(address: string): Promise<number | undefined>;
}

/** By the address of the client; of IPv6, by the network of 64 bits that one client has to itself. */
export function rateLimiter({ requests, seconds }: RateLimit): RateLimiter {
  const limiter = new RateLimiterMemory({ points: requests, duration: seconds });
  return {
    refuse: (address) =>
      limiter.consume(clientOf(address)).then(
        () => undefined,
        ({ msBeforeNext }: RateLimiterRes) => Math.max(1, Math.ceil(msBeforeNext / 1_000)),
      ),
  };
}

/** Who an address belongs to. */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [before = '', after = ''] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === '' ? [] : after.split(':');
  const zeros = address.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
