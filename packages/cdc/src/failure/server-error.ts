/** What a Postgres ErrorResponse or NoticeResponse says. */
export interface ServerError {
  readonly severity: string;
  readonly sqlState: string;
  readonly message: string;
}

/** Whether something thrown by `pg` carries an SQLSTATE. */
export function serverErrorOf(thrown: unknown): ServerError | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  const { code, message, severity } = thrown as { code: unknown; message?: unknown; severity?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || typeof severity !== 'string') return undefined;
  return { severity, sqlState: code, message: String(message) };
}
