import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** The secret of the tests: 32 bytes, and easy to find in anything that leaks it. */
export const SECRET = 'a-secret-of-the-tests-in-32-byte';

/** A token for `ada` that lasts an hour, unless the claims say otherwise (`undefined` leaves one out). */
export function token(
  claims: Record<string, unknown> = {},
  { key = Buffer.from(SECRET), alg = 'HS256', kid }: { key?: Uint8Array | KeyObject; alg?: string; kid?: string } = {},
): Promise<string> {
  const payload = { sub: 'ada', iat: seconds(0), exp: seconds(3_600), ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

/** So many seconds from now, as tokens count. */
export function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1_000) + fromNow;
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that nobody has signed. */
export function unsignedToken(claims: object = {}, alg = 'none'): string {
  return `${part({ alg, typ: 'JWT' })}.${part({ sub: 'ada', exp: seconds(3_600), ...claims })}.`;
}

/** A token signed with the secret, with a header that no library would write. */
export function signedByHand(
  claims: object,
  header: { readonly alg: 'HS256' | 'HS512'; readonly [name: string]: unknown },
) {
  const text = `${part(header)}.${part({ sub: 'ada', exp: seconds(3_600), ...claims })}`;
  const hash = header.alg === 'HS256' ? 'sha256' : 'sha512';
  return `${text}.${createHmac(hash, SECRET).update(text).digest('base64url')}`;
}

/** The one token with the claims of the other. */
export function swapPayload(token: string, other: string): string {
  const [header, , signature] = token.split('.');
  return [header, other.split('.')[1], signature].join('.');
}

/** A new key pair for RS256 (2,048 bits) or ES256. */
export function keyPair(kind: 'rsa' | 'ec' = 'ec') {
  return kind === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
