/** What a signature looks like, or says, as it is kept. */
export interface Drawing {
  readonly bytes: Buffer;
  /** By the bytes, whatever their sender calls them. */
  readonly contentType: 'image/png' | 'image/jpeg' | 'image/svg+xml' | 'text/plain; charset=utf-8';
}

/** The image that `signature_data` holds, in base64 or as a data URL; where it holds none, the text that it is. */
export function drawingOf(data: string): Drawing {
  const bytes = decoded(data);
  const contentType = bytes && imageType(bytes);
  if (bytes !== undefined && contentType !== undefined) return { bytes, contentType };
  return { bytes: Buffer.from(data), contentType: 'text/plain; charset=utf-8' };
}

/** The kind of image that begins as these bytes do. */
export function imageType(bytes: Buffer): Exclude<Drawing['contentType'], `text/${string}`> | undefined {
  if (bytes.subarray(0, 8).equals(PNG) && bytes.toString('latin1', 12, 16) === 'IHDR') return 'image/png';
  if (bytes.subarray(0, 3).equals(JPEG)) return 'image/jpeg';
  return isSvg(bytes) ? 'image/svg+xml' : undefined;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

function decoded(data: string): Buffer | undefined {
  const [, kind, content] = /^\s*data:([^,]{0,255}),(.*)$/s.exec(data) ?? [];
  if (kind === undefined || content === undefined) return fromBase64(data);
  if (/;\s*base64\s*$/i.test(kind)) return fromBase64(content);
  try {
    return Buffer.from(decodeURIComponent(content));
  } catch {
    // A broken percent encoding: then it is no image, and kept as it came.
    return undefined;
  }
}

/** Buffer takes anything for base64; this takes both of its alphabets, with line breaks as tools write them, and nothing else. */
function fromBase64(text: string): Buffer | undefined {
  return /^[\w+/\-\s]+={0,2}\s*$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** An XML document whose first element is `svg`. What may stand before it is skipped, in steps that can't run long. */
function isSvg(bytes: Buffer): boolean {
  let rest = bytes.toString().replace(/^\ufeff/, '');
  if (rest.includes('\ufffd')) return false;
  for (;;) {
    rest = rest.trimStart();
    const [opening, closing] = PROLOG.find(([begin]) => rest.startsWith(begin)) ?? [];
    if (opening === undefined || closing === undefined) return /^<svg[\s/>]/.test(rest);
    const end = rest.indexOf(closing, opening.length);
    if (end === -1) return false;
    rest = rest.slice(end + closing.length);
  }
}

const PROLOG = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!DOCTYPE', '>'],
] as const;
