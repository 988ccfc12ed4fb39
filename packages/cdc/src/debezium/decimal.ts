/** A decimal number as its digits, without the point: `unscaled` × 10⁻ˢᶜᵃˡᵉ. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** Undefined for what is no number: `NaN`, an infinity. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  return { unscaled: sign === '-' ? -digits : digits, scale: fraction.length };
}

/** With this scale, to which it fits. */
export function rescaled({ unscaled, scale }: Decimal, wanted: number): Decimal {
  if (wanted >= scale) return { unscaled: unscaled * 10n ** BigInt(wanted - scale), scale: wanted };
  return { unscaled: unscaled / 10n ** BigInt(scale - wanted), scale: wanted };
}

/** Without zeros at its end, and no scale below 0. */
export function stripped({ unscaled, scale }: Decimal): Decimal {
  if (unscaled === 0n) return { unscaled, scale: 0 };
  if (unscaled % 10n !== 0n) return { unscaled, scale };
  // Counted in the text: a division for each zero takes seconds where there are thousands.
  const text = unscaled.toString();
  let zeros = 0;
  while (zeros < scale && text[text.length - 1 - zeros] === '0') zeros += 1;
  return { unscaled: unscaled / 10n ** BigInt(zeros), scale: scale - zeros };
}

/** The digits in two's complement, the highest byte first, as few bytes as will do; in base64. */
export function unscaledBase64({ unscaled }: Decimal): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString(16).length;
  let bytes = Math.max(1, digits >> 1);
  while (BigInt.asIntN(bytes * 8, unscaled) !== unscaled) bytes += 1;
  const hex = BigInt.asUintN(bytes * 8, unscaled)
    .toString(16)
    .padStart(bytes * 2, '0');
  return Buffer.from(hex, 'hex').toString('base64');
}
