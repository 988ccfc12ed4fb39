/** Log positions. Inside they are numbers (exact below 2⁵³); Postgres writes them as two hexadecimal halves. */

/** `16/B374D848` as a number. */
export function parseLsn(text: string): number {
  const [high = '', low = ''] = text.split('/');
  return Number.parseInt(high, 16) * 4294967296 + Number.parseInt(low, 16);
}

/** A number as `16/B374D848`, for commands. */
export function formatLsn(lsn: number): string {
  return `${Math.floor(lsn / 4294967296).toString(16)}/${(lsn >>> 0).toString(16)}`.toUpperCase();
}
