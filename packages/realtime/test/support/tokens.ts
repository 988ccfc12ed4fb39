import { generateKeyPairSync, type KeyObject } from 'node:crypto';
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

/** A token that nobody has signed. */
export function unsignedToken(alg = 'none'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg, typ: 'JWT' })}.${part({ sub: 'ada', exp: seconds(3_600) })}.`;
}

/** A new key pair for RS256 (2,048 bits) or ES256. */
export function keyPair(kind: 'rsa' | 'ec' = 'ec') {
  return kind === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
