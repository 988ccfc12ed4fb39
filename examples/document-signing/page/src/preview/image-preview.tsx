import { useState } from 'preact/hooks';
import { PreviewProblem } from './text-preview.js';

/** An image; as such, no script of an SVG runs. */
export function ImagePreview({ path, title }: { readonly path: string; readonly title: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <PreviewProblem text="It is no image that this browser knows." path={path} />;
  return (
    <div class="paper image">
      <img src={path} alt={title} onError={() => setBroken(true)} />
    </div>
  );
}
