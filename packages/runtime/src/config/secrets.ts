import { inspect } from 'node:util';

const SECRET_NAME = /password|passwd|passphrase|passcode|pwd|secret|token|key|credential/i;
/** `pass` as a word of its own, as in `dbPass` and `DB_PASS`, and not in `bypass`. */
const PASS = /(?:^|[^a-z])pass(?![a-z])|[a-z]Pass(?![a-z])|(?:^|[^A-Za-z])PASS(?![A-Za-z])/;
/** As in the query of a URL, and in the connection strings of libpq. */
const PARAMETER = /passw(?:or)?d\s*=\s*\S/i;

/** Shown in place of a secret. */
const SHOWN = '[secret]';

/** Whether what has this name is to be kept secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || PASS.test(name);
}

/** How deep values are looked into. */
const DEPTH = 8;

/** Whether the value is, or has in it, a URL with a password. */
export function hasPassword(value: unknown, depth = DEPTH): boolean {
  if (typeof value === 'string') return isUrlWithPassword(value) || PARAMETER.test(value);
  if (value instanceof URL) return value.password !== '';
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  return Object.values(value).some((inner) => hasPassword(inner, depth - 1));
}

/**
 * Whether a colon and then an @ follow a `://`: a password may have any characters in between, also those that no URL allows. In
 * one pass, for texts may be long.
 */
function isUrlWithPassword(text: string): boolean {
  const host = text.indexOf('://');
  const colon = host < 0 ? -1 : text.indexOf(':', host + 3);
  return colon >= 0 && text.includes('@', colon);
}

/** A text without what stands before the host in its URLs. */
export function withoutPasswords(text: string): string {
  return text.replace(/:\/\/\S*@/g, `://${SHOWN}@`);
}

/**
 * An object whose secrets neither `JSON.stringify` nor `console.log` shows. Whoever reads a property gets its value; a copy of
 * the object (`{ ...config }`) hides nothing.
 */
export function hidingSecrets<T extends object>(values: T, secret: ReadonlySet<string>): Readonly<T> {
  const shown = () =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, secret.has(name) && value !== undefined ? SHOWN : value]),
    );
  for (const name of ['toJSON', inspect.custom] as const) {
    if (!Object.hasOwn(values, name)) Object.defineProperty(values, name, { value: shown });
  }
  return Object.freeze(values);
}
