import { inspect } from 'node:util';

const SECRET_NAME = /password|passwd|secret|token|key/i;
const URL_WITH_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s/@]*:[^\s/]*@/i;

/** Shown in place of a secret. */
const SHOWN = '[secret]';

/** Whether what has this name is to be kept secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** How deep values are looked into. */
const DEPTH = 8;

/** Whether the value is, or has in it, a URL with a password. */
export function hasPassword(value: unknown, depth = DEPTH): boolean {
  if (typeof value === 'string') return URL_WITH_PASSWORD.test(value);
  if (value instanceof URL) return value.password !== '';
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  return Object.values(value).some((inner) => hasPassword(inner, depth - 1));
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
