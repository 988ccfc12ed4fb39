import { useEffect, useRef, useState } from 'preact/hooks';
import type { PdfPages } from './pdf-pages.js';

interface Props {
  readonly pages: PdfPages;
  /** From 1. */
  readonly number: number;
  readonly title: string;
}

/** One page, drawn once it comes near; its text is there for those who hear the page. */
export function PdfPage({ pages, number, title }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [text, setText] = useState('');
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        pages.draw(number, element).then(
          (found) => {
            setText(found);
            setDrawn(true);
          },
          () => setText('This page could not be drawn.'),
        );
      },
      { rootMargin: '600px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [pages, number]);
  return (
    <figure class="pdf-page" data-drawn={drawn}>
      <canvas ref={canvas} class="paper" role="img" aria-label={`${title}, page ${number} of ${pages.count}`} />
      <figcaption class="visually-hidden">{text}</figcaption>
    </figure>
  );
}
