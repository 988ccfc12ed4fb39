/** The part of a canvas that has something on it, with a margin, as a data URL of a PNG. */
export function cut(canvas: HTMLCanvasElement): string {
  const { width, height } = canvas;
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let at = 3; at < pixels.length; at += 4) {
    if (pixels[at] === 0) continue;
    const x = ((at - 3) / 4) % width;
    const y = Math.floor((at - 3) / 4 / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (right < left) return canvas.toDataURL('image/png');
  const margin = 12;
  const image = document.createElement('canvas');
  image.width = right - left + 2 * margin;
  image.height = bottom - top + 2 * margin;
  image.getContext('2d')?.drawImage(canvas, margin - left, margin - top);
  return image.toDataURL('image/png');
}
