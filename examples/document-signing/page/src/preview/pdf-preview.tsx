import { useEffect, useState } from 'preact/hooks';
import { PdfPage } from './pdf-page.js';
import type { PdfPages } from './pdf-pages.js';
import { PreviewProblem } from './text-preview.js';

/** The pages of a PDF. What reads it is loaded when the first PDF is opened. */
export function PdfPreview({ path, title }: { readonly path: string; readonly title: string }) {
  const [pages, setPages] = useState<PdfPages>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let gone = false;
    let opened: PdfPages | undefined;
    import('./pdf-pages.js')
      .then(({ openPdf }) => openPdf(path))
      .then((found) => {
        opened = found;
        if (gone) found.close();
        else setPages(found);
      })
      .catch((error: Error) => !gone && setProblem(error.message));
    return () => {
      gone = true;
      opened?.close();
    };
  }, [path]);
  if (problem) return <PreviewProblem text={problem} path={path} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="pdf" data-testid="pdf" aria-label="Pages" tabIndex={0}>
      {pages === undefined && <p class="quiet paper">Loading…</p>}
      {pages &&
        Array.from({ length: pages.count }, (_, at) => (
          <PdfPage key={at} pages={pages} number={at + 1} title={title} />
        ))}
    </section>
  );
}
