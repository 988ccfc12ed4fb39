import SignaturePad, { type PointGroup } from 'signature_pad';
import { cut } from './cut.js';

/** A canvas to draw a signature on. */
export interface Pad {
  /** Takes the last stroke back. */
  undo(): void;
  clear(): void;
  /** The drawing as a data URL of a PNG, cut to what is drawn, dark on nothing. */
  image(): string;
  close(): void;
}

/** Ink on the paper, in both themes: the paper stays white. */
const INK = '#14213d';

/** Makes a canvas a pad; `changed` is told how many strokes there are. */
export function openPad(canvas: HTMLCanvasElement, changed: (strokes: number) => void): Pad {
  const pad = new SignaturePad(canvas, { penColor: INK, minWidth: 0.8, maxWidth: 2.8 });
  const tell = () => changed(pad.toData().length);
  pad.addEventListener('endStroke', tell);

  // A canvas that gets another size forgets what is on it.
  const fit = () => {
    const ratio = Math.max(devicePixelRatio, 1);
    const strokes = pad.toData();
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext('2d')?.scale(ratio, ratio);
    pad.clear();
    pad.fromData(strokes);
  };
  const resized = new ResizeObserver(fit);
  resized.observe(canvas);
  fit();

  const show = (strokes: PointGroup[]) => {
    pad.fromData(strokes);
    tell();
  };
  return {
    undo: () => show(pad.toData().slice(0, -1)),
    clear: () => show([]),
    image: () => cut(canvas),
    close: () => {
      resized.disconnect();
      pad.off();
    },
  };
}
