/** A text with its variables filled in, or what is wrong with it. */
export interface Expanded {
  readonly text: string;
  readonly problems: readonly string[];
  /** The variables that it was made of. */
  readonly used: readonly string[];
}

/**
 * Fills in `${NAME}`, and `${NAME:-what to take when it is not set}`. `$$` is a dollar; any other dollar stays as it is. A
 * variable that is empty counts as not set. What is filled in is not looked at again.
 */
export function expand(text: string, env: Readonly<Record<string, string | undefined>>): Expanded {
  const problems: string[] = [];
  const used: string[] = [];
  const filled = text.replace(/\$\$|\$\{([^}]*)(\}?)/g, (found, inside: string | undefined, end: string) => {
    if (inside === undefined) return '$';
    const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) ?? [];
    if (name === undefined || end === '') {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: how it is to be written
      problems.push('`${` begins a variable: ${NAME} or ${NAME:-default}; a dollar is written $$');
      return found;
    }
    used.push(name);
    const value = (Object.hasOwn(env, name) && env[name]) || fallback;
    if (value === undefined) problems.push(`there is no environment variable ${name}`);
    return value ?? '';
  });
  return { text: filled, problems, used };
}
