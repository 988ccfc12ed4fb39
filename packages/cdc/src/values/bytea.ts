/** The bytes of a bytea in its hex form (`\x…`), as an array of its own. */
export function parseBytea(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) >> 1);
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    bytes[i] = (nibble(text.charCodeAt(at)) << 4) | nibble(text.charCodeAt(at + 1));
  }
  return bytes;
}

/** The same straight from the wire. */
export function readBytea(buffer: Buffer, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array((end - start - 2) >> 1);
  for (let i = 0, at = start + 2; i < bytes.length; i++, at += 2) {
    bytes[i] = (nibble(buffer[at] as number) << 4) | nibble(buffer[at + 1] as number);
  }
  return bytes;
}

function nibble(code: number): number {
  return (code & 15) + (code >> 6) * 9;
}
