import { isIP } from 'node:net';

/** Whether what is sent to this host (a name, an IPv4 or IPv6 address, `unix:…`) never leaves the machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare.startsWith('unix:') || bare === 'localhost' || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

/** The host of `host:port`, `[::1]:port`, `dns:///host:port`, `unix:…`. */
export function hostOf(address: string): string {
  if (address.startsWith('unix:')) return address;
  const authority = address.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/]*\/)?/i, (scheme) =>
    /^\w+:$/.test(scheme) ? scheme : '',
  );
  const bracketed = /^\[([^\]]+)\]/.exec(authority);
  return bracketed?.[1] ?? authority.replace(/:\d+$/, '');
}
