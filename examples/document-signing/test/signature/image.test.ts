import { expect, test } from 'vitest';
import { drawingOf } from '../../src/signature/image.js';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46]);
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>';

test.each([
  ['base64', png.toString('base64'), 'image/png', png],
  ['base64 with line breaks', png.toString('base64').replace(/(.{20})/g, '$1\r\n'), 'image/png', png],
  ['base64 for addresses, unpadded', png.toString('base64url'), 'image/png', png],
  ['a data URL', `data:image/png;base64,${png.toString('base64')}`, 'image/png', png],
  ['a data URL that lies about its type', `data:text/html;base64,${png.toString('base64')}`, 'image/png', png],
  ['a JPEG', jpeg.toString('base64'), 'image/jpeg', jpeg],
  ['an SVG', Buffer.from(svg).toString('base64'), 'image/svg+xml', Buffer.from(svg)],
  ['an SVG in a data URL', `data:image/svg+xml,${encodeURIComponent(svg)}`, 'image/svg+xml', Buffer.from(svg)],
])('%s is kept as the image that it is', (_, data, contentType, bytes) => {
  expect(drawingOf(data)).toEqual({ contentType, bytes });
});

test('an SVG may have what XML allows before its first element', () => {
  const documents = [`\ufeff  ${svg}`, `<?xml version="1.0"?><!-- a > b -->\n<!DOCTYPE svg PUBLIC "x" "y">${svg}`];
  for (const text of documents) {
    expect(drawingOf(Buffer.from(text).toString('base64')).contentType).toBe('image/svg+xml');
  }
});

test.each([
  ['the placeholder of the published example', 'base64_encoded_signature_data'],
  ['a name', 'Ada Lovelace ✓'],
  ['base64 of something else', Buffer.from('<html><svg></svg></html>').toString('base64')],
  ['markup that is no SVG', `data:text/html,${encodeURIComponent('<svgx><script>1</script></svgx>')}`],
  ['a PDF', Buffer.from('%PDF-1.7 …').toString('base64')],
  ['half a PNG', png.subarray(0, 6).toString('base64')],
  ['a PNG with rubbish around', `!${png.toString('base64')}!`],
  ['a broken percent encoding', 'data:image/svg+xml,%E0%A4%A'],
  ['nothing after the comma', 'data:image/png;base64,'],
  ['a comment without an end', Buffer.from('<!-- <svg>').toString('base64')],
])('%s is kept as the text that it is', (_, data) => {
  expect(drawingOf(data)).toEqual({ contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(data) });
});

test('what looks like much of an SVG prolog is looked through in no time', () => {
  const many = Buffer.from('<!---->'.repeat(100_000)).toString('base64');
  expect(drawingOf(many).contentType).toBe('text/plain; charset=utf-8');
});
