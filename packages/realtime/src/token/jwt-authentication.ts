import { ComponentError } from '@sluice/contracts';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { invalid } from '../hub/options.js';
import type { Authenticate, Identity } from '../identity/identity.js';
import { bearerToken } from './bearer.js';
import { hmacVerifier } from './hmac.js';
import { type TokenKey, tokenKey } from './token-key.js';

/** Options of {@link jwtAuthentication}: exactly one of `secret`, `publicKey` and `jwks`. */
export interface JwtAuthenticationOptions extends TokenKey {
  /**
   * The algorithms that a token may be signed with; what its header says besides is not believed. Default for a secret: `['HS256']`;
   * otherwise there is none. `none` is not one.
   */
  readonly algorithms?: readonly string[];
  /** Tokens must be made for this audience, or one of these (`aud`). Default: not looked at. */
  readonly audience?: string | readonly string[];
  /** Tokens must be made by this issuer, or one of these (`iss`). Default: not looked at. */
  readonly issuer?: string | readonly string[];
  /** How far the clocks of issuer and server may differ, in seconds, up to 300. Default: 0. */
  readonly clockToleranceS?: number;
  /** The longest token that is looked at, in bytes. Default: 8,192. */
  readonly maxTokenBytes?: number;
}

/** The latest time that a Date can hold. */
const LATEST_MS = 8_640_000_000_000_000;

/** An {@link Authenticate} for tokens. */
export interface TokenAuthentication extends Authenticate {
  /** The identity of a token, or `null` when it is not good, for whatever reason. */
  readonly verify: (token: string) => Promise<Identity | null>;
}

/**
 * Identities from signed JSON Web Tokens (RFC 7519), checked by `jose`: signature, algorithm, `exp`, `nbf`, and audience and issuer where
 * they are named. A token must have `sub` and `exp`.
 *
 * The token comes in `Authorization: Bearer <token>`, in `Sec-WebSocket-Protocol: bearer, <token>`, or as `?token=`. Neither the answer
 * to a bad one nor any error says what was wrong with it, or holds it.
 *
 * Throws `OPTIONS_INVALID`; verifying throws `REALTIME_KEYS_UNREACHABLE` when the keys of `jwks` can't be fetched (503 at the handshake).
 */
export function jwtAuthentication(options: JwtAuthenticationOptions): TokenAuthentication {
  const { clockToleranceS = 0, maxTokenBytes = 8_192 } = options;
  within('clockToleranceS', clockToleranceS, 0, 300);
  within('maxTokenBytes', maxTokenBytes, 1, 1_048_576);
  const { secret, key, algorithms } = tokenKey(options, options.algorithms);
  const rules = {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceS,
    requiredClaims: ['sub', 'exp'],
    ...(options.audience === undefined ? {} : { audience: several('audience', options.audience) }),
    ...(options.issuer === undefined ? {} : { issuer: several('issuer', options.issuer) }),
  };

  const verified = secret === undefined ? byPublicKey(key as JWTVerifyGetKey, rules) : hmacVerifier(secret, rules);
  const verify = async (token: string): Promise<Identity | null> => {
    if (token.length > maxTokenBytes) return null;
    try {
      const payload = await verified(token);
      const { sub: subject, exp } = payload;
      if (typeof subject !== 'string' || subject === '' || exp === undefined) return null;
      return { subject, claims: payload, expiresAt: Math.min((exp + clockToleranceS) * 1_000, LATEST_MS) };
    } catch (error) {
      if (!(options.jwks instanceof URL) || isTokensOwnFault(error)) return null;
      throw new ComponentError(
        'REALTIME_KEYS_UNREACHABLE',
        'the keys that tokens are verified with could not be fetched',
        {
          cause: error,
        },
      );
    }
  };
  const authenticate = (...[request, url]: Parameters<Authenticate>) => {
    const token = bearerToken(request, url);
    return token === undefined ? null : verify(token);
  };
  return Object.assign(authenticate, { verify });
}

function byPublicKey(key: JWTVerifyGetKey, rules: JWTVerifyOptions) {
  return async (token: string): Promise<JWTPayload> => (await jwtVerify(token, key, rules)).payload;
}

/** Everything that `jose` throws because of the token itself; what is left is the fetching of keys, where keys are fetched. */
function isTokensOwnFault(error: unknown): boolean {
  return TOKEN_FAULTS.some((fault) => error instanceof fault);
}

const TOKEN_FAULTS = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function several(option: string, given: string | readonly string[]): string[] {
  const values = typeof given === 'string' ? [given] : [...given];
  if (values.length === 0 || values.some((value) => typeof value !== 'string' || value === '')) {
    throw invalid(option, 'must be a name, or a list of at least one');
  }
  return values;
}

function within(option: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid(option, `must be a whole number from ${least} to ${most}`);
  }
}
