import { ComponentError, type ErrorCode, isComponentError } from '@sluice/contracts';

/** Whether Postgres refused a value: class 22 (data exception) or 23 (a constraint). Such a row fails on every try. */
export function isDataError(error: unknown): boolean {
  const state = sqlState(error);
  return state.startsWith('22') || state.startsWith('23');
}

/**
 * The error of `pg` as one of ours. `doing` completes "while …". Errors of ours pass through.
 *
 * Messages about values quote the values, so for these neither the message nor the cause is kept, only the names.
 */
export function fromPostgres(error: unknown, doing: string): ComponentError {
  if (isComponentError(error)) return error;
  const state = sqlState(error);
  const code = codeOf(error, state);
  const names = namesIn(error);
  const details = { ...(state ? { sqlState: state } : {}), ...names };
  if (code === 'STORE_PG_DATA_REFUSED') {
    const where = Object.entries(names).map(([kind, name]) => `${kind} ${name}`);
    return new ComponentError(code, `${state} while ${doing}${where.length > 0 ? `: ${where.join(', ')}` : ''}`, {
      details,
    });
  }
  const said = error instanceof Error ? error.message : 'an unknown error';
  return new ComponentError(code, `${said} (while ${doing})`, { details, cause: error });
}

/** SQLSTATE, Postgres 18, appendix A; empty for errors that did not come from the server. */
function sqlState(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object) ? code : '';
}

const UNAVAILABLE = ['25P03', '57P01', '57P02', '57P03', '57P05', '25006'];
const CONFLICTS = ['40001', '40P01', '55P03', '55006', '57014'];

function codeOf(error: unknown, state: string): ErrorCode {
  // Without a state the server did not answer: refused, reset, closed, timed out.
  if (state === '') return error instanceof TypeError ? 'STORE_PG_FAILED' : 'STORE_PG_UNAVAILABLE';
  if (UNAVAILABLE.includes(state) || state.startsWith('08') || state.startsWith('53')) return 'STORE_PG_UNAVAILABLE';
  if (CONFLICTS.includes(state)) return 'STORE_PG_CONFLICT';
  if (['28', '42', '3D', '3F', '0A'].some((kind) => state.startsWith(kind))) return 'STORE_PG_REFUSED';
  if (state.startsWith('22') || state.startsWith('23')) return 'STORE_PG_DATA_REFUSED';
  return 'STORE_PG_FAILED';
}

function namesIn(error: unknown): Record<string, string> {
  const { table, column, constraint } = (error ?? {}) as Record<string, unknown>;
  const named = Object.entries({ table, column, constraint }).filter(
    ([, name]) => typeof name === 'string' && name !== '',
  );
  return Object.fromEntries(named) as Record<string, string>;
}
