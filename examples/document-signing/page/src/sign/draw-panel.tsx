import type { MutableRef } from 'preact/hooks';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icon/icon.js';
import type { Pad } from './pad.js';

interface Props {
  readonly pad: MutableRef<Pad | undefined>;
  readonly strokes: number;
  readonly changed: (strokes: number) => void;
}

/** The paper to draw on, by mouse, pen or finger; Ctrl+Z takes the last stroke back. */
export function DrawPanel({ pad, strokes, changed }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [ready, setReady] = useState(false);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let gone = false;
    import('./pad.js').then(
      ({ openPad }) => {
        if (gone || !canvas.current) return;
        pad.current = openPad(canvas.current, changed);
        setReady(true);
      },
      () => setMissing(true),
    );
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      pad.current?.undo();
    };
    addEventListener('keydown', onKeyDown);
    return () => {
      gone = true;
      removeEventListener('keydown', onKeyDown);
      pad.current?.close();
      pad.current = undefined;
    };
  }, []);
  if (missing) {
    return (
      <p class="problem" role="alert">
        The paper could not be loaded. Type your signature, or try again when you are connected.
      </p>
    );
  }
  return (
    <div class="draw" data-ready={ready}>
      <div class="pad">
        <canvas ref={canvas} role="img" aria-label="Paper to draw your signature on, by mouse, pen or finger" />
        {strokes === 0 && <span class="pad-hint">Draw here</span>}
      </div>
      <div class="draw-tools">
        <span class="quiet" role="status">
          {strokes === 0 ? 'Nothing drawn' : strokes === 1 ? '1 stroke' : `${strokes} strokes`}
        </span>
        <button type="button" class="plain" disabled={strokes === 0} onClick={() => pad.current?.undo()}>
          <Icon name="undo" />
          Undo
        </button>
        <button type="button" class="plain" disabled={strokes === 0} onClick={() => pad.current?.clear()}>
          Clear
        </button>
      </div>
    </div>
  );
}
