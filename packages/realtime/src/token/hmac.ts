import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type JWTClaimVerificationOptions, type JWTPayload, UnsecuredJWT } from 'jose';

/** The hash of each algorithm with a secret (RFC 7518, section 3.2). */
const HASHES: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** The header of a token without a signature. */
const NO_SIGNATURE = Buffer.from('{"alg":"none"}').toString('base64url');

/**
 * Verifies tokens that are signed with a secret: the signature here, the claims by `jose`. Throws whatever is wrong with a token.
 *
 * The signature is checked on this thread, because WebCrypto, which `jose` uses, does it in a thread pool: for the few hundred bytes of a
 * token that costs more than the whole rest of a handshake. What remains for `jose` is a token whose signature is known to be good.
 */
export function hmacVerifier(secret: Uint8Array, rules: JWTClaimVerificationOptions & { algorithms: string[] }) {
  const key = createSecretKey(secret);
  // An issuer writes the same header into all its tokens.
  let known = { header: '', hash: '' };
  return (token: string): JWTPayload => {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || payload === undefined || signature === undefined || rest.length > 0) throw BAD;
    if (header !== known.header) known = { header, hash: HASHES[algorithmOf(header, rules.algorithms)] as string };
    const { hash } = known;
    if (!sameText(signature, sign(`${header}.${payload}`, hash, key))) throw BAD;
    return UnsecuredJWT.decode(`${NO_SIGNATURE}.${payload}.`, rules).payload;
  };
}

const BAD = new Error('the token is not good');

/** The algorithm that the header names, which must be one of those that are allowed; extensions that it says matter, are not known. */
function algorithmOf(header: string, allowed: readonly string[]): string {
  const { alg, crit, b64 } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  if (typeof alg !== 'string' || !allowed.includes(alg) || crit !== undefined || b64 !== undefined) throw BAD;
  return alg;
}

function sign(text: string, hash: string, key: KeyObject): string {
  return createHmac(hash, key).update(text).digest('base64url');
}

/** Takes the same time wherever they differ. As the encoded texts are compared, there is one way to write a signature. */
function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
