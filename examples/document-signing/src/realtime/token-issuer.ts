import { SignJWT } from 'jose';

/** Whom a token is for. */
export interface TokenSubject {
  readonly userId: string;
  readonly email: string;
  /** The only document whose channel it opens. Default: every channel. */
  readonly documentId?: string | undefined;
}

/** Makes tokens that the service accepts: HS256, `{sub, email, iat, exp}`. */
export function tokenIssuer(secret: string, lifetimeS: number): (subject: TokenSubject) => Promise<string> {
  const key = new TextEncoder().encode(secret);
  return ({ userId, email, documentId }) =>
    new SignJWT({ email, ...(documentId === undefined ? {} : { document_id: documentId }) })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeS}s`)
      .sign(key);
}
