const KEY = /^[0-9a-f-]{36}\/signatures\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.png$/;

/** The signature that a drawing belongs to: `{document}/signatures/{id}.png`. */
export function signatureOf(key: string): string | undefined {
  return KEY.exec(key)?.[1];
}
