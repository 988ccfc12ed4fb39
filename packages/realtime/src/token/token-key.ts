import { createPublicKey, KeyObject } from 'node:crypto';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose';
import { invalid } from '../hub/options.js';

/** What tokens are verified with; exactly one of these. */
export interface TokenKey {
  /** For HS256, HS384, HS512: at least 32, 48, 64 bytes (RFC 7518, section 3.2). A string counts in UTF-8. */
  readonly secret?: string | Uint8Array;
  /** One public key: PEM (SPKI or X.509), a JWK, or a KeyObject. */
  readonly publicKey?: string | JWK | KeyObject;
  /** A set of public keys: the URL it is fetched from, and fetched again when a token names a key that it lacks, or the set itself. */
  readonly jwks?: URL | JSONWebKeySet;
}

const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** The kinds and curves of public keys, as Node names them, and the algorithms of each. */
const PUBLIC_ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'rsa-pss': ['PS256', 'PS384', 'PS512'],
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
};

/**
 * The secret, or the key as `jose` takes it: it imports it once. Throws `OPTIONS_INVALID`, which
 * never holds the key.
 */
export function tokenKey(
  { secret, publicKey, jwks }: TokenKey,
  given: readonly string[] | undefined,
): { secret?: Uint8Array; key?: KeyObject | JWTVerifyGetKey; algorithms: readonly string[] } {
  const named = [secret, publicKey, jwks].filter((one) => one !== undefined);
  if (named.length !== 1) throw invalid('secret', 'or publicKey or jwks must be given, and only one of them');
  const algorithms = given ?? (secret === undefined ? [] : ['HS256']);
  if (algorithms.length === 0) throw invalid('algorithms', 'must name at least one algorithm');
  if (secret !== undefined) return { secret: secretKey(secret, algorithms), algorithms };
  if (publicKey !== undefined) return { key: onePublicKey(publicKey, algorithms), algorithms };
  mustBeOf(algorithms, Object.values(PUBLIC_ALGORITHMS).flat(), 'jwks');
  return { key: jwks instanceof URL ? createRemoteJWKSet(jwks) : localSet(jwks as JSONWebKeySet), algorithms };
}

function secretKey(secret: string | Uint8Array, algorithms: readonly string[]): Uint8Array {
  mustBeOf(algorithms, Object.keys(SECRET_BYTES), 'a secret');
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  const least = Math.max(...algorithms.map((name) => SECRET_BYTES[name] as number));
  if (!(bytes instanceof Uint8Array) || bytes.length < least)
    throw invalid('secret', `must have at least ${least} bytes`);
  return bytes;
}

function onePublicKey(given: string | JWK | KeyObject, algorithms: readonly string[]): KeyObject {
  const key = given instanceof KeyObject ? given : parsed(given);
  if (key.type !== 'public') throw invalid('publicKey', 'must be a public key');
  const { namedCurve, modulusLength = 2_048 } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < 2_048) throw invalid('publicKey', 'must have at least 2,048 bits');
  mustBeOf(algorithms, PUBLIC_ALGORITHMS[namedCurve ?? key.asymmetricKeyType ?? ''] ?? [], 'this publicKey');
  return key;
}

function parsed(given: string | JWK): KeyObject {
  try {
    return createPublicKey(typeof given === 'string' ? given : { key: given, format: 'jwk' });
  } catch {
    // What was wrong with it is said by OpenSSL, in words that may quote it.
    throw invalid('publicKey', 'must be a public key as PEM, JWK or KeyObject');
  }
}

function localSet(given: JSONWebKeySet): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(given);
  } catch {
    // The error may quote the keys.
    throw invalid('jwks', 'must be a URL or a JSON Web Key Set');
  }
}

function mustBeOf(algorithms: readonly string[], possible: readonly string[], what: string): void {
  if (algorithms.some((name) => !possible.includes(name))) {
    throw invalid('algorithms', `of ${what} must be of ${possible.join(', ') || 'a kind that is supported'}`);
  }
}
