import type { NewDocument } from '../api/documents.js';

/** The largest content that the server takes, in bytes. */
export const MAX_BYTES = 10 * 1_024 * 1_024;

const BY_EXTENSION: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  json: 'application/json',
  md: 'text/markdown',
  pdf: 'application/pdf',
  svg: 'image/svg+xml',
  txt: 'text/plain',
};

/** A file as a new document: text as it is, anything else as base64. Throws a RangeError when it is too large. */
export async function readFile(file: File): Promise<Omit<NewDocument, 'created_by'>> {
  if (file.size > MAX_BYTES) throw new RangeError('It is larger than 10 MiB.');
  const extension = /\.(\w+)$/.exec(file.name)?.[1]?.toLowerCase() ?? '';
  const content_type = (file.type || BY_EXTENSION[extension]) ?? 'application/octet-stream';
  const title = file.name.replace(/\.\w+$/, '').slice(0, 255) || 'Untitled';
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = isText(content_type) ? decode(bytes) : undefined;
  if (text !== undefined) return { title, content_type, content: text };
  return { title, content_type, content: base64(bytes), content_encoding: 'base64' };
}

/** Whether contents of this type can be shown as text. */
export function isText(contentType: string): boolean {
  return /^text\/|^application\/(json|xml|yaml)|\+(json|xml)/.test(contentType) && !contentType.startsWith('image/');
}

/** `undefined` for what calls itself text and is not UTF-8: it is kept as the bytes that it is. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  // A multiple of three, so that the pieces join; small enough for the arguments of one call.
  for (let at = 0; at < bytes.length; at += 0x6000) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000))));
  }
  return pieces.join('');
}
