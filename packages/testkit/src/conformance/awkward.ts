/**
 * Texts that break what is careless with names: properties of every object, quotes, patterns, controls, other scripts, nothing
 * at all, and 10,000 characters that do not compress.
 */
export const awkwardTexts: readonly string[] = [
  '',
  ' ',
  '__proto__',
  'constructor',
  `it's "quoted" \\ \`so\``,
  '100%_*?[a]',
  '; DROP TABLE x --',
  'a\u0000b',
  'line\r\nbreak\ttab',
  'Ключ 鍵 🔑',
  longText(10_000),
];

/** `length` characters that look random and are always the same. */
export function longText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let state = 42;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return letters[(state >> 8) % letters.length];
  }).join('');
}
