import { cut } from './cut.js';

const SIZE = 96;
const FAMILY = '"Segoe Script", "Snell Roundhand", "Apple Chancery", "Z003", "URW Chancery L", cursive';

/** A name as a signature: a data URL of a PNG, written by a font that looks like a hand. */
export function writtenSignature(name: string): string {
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(2_000, SIZE * (name.length + 2));
  canvas.height = SIZE * 2;
  const context = canvas.getContext('2d');
  if (context) {
    context.font = `italic ${SIZE}px ${FAMILY}`;
    context.fillStyle = '#14213d';
    context.textBaseline = 'middle';
    context.fillText(name, SIZE / 2, SIZE, canvas.width - SIZE);
  }
  return cut(canvas);
}
