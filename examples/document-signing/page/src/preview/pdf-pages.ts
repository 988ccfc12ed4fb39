import { GlobalWorkerOptions, getDocument } from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

GlobalWorkerOptions.workerSrc = workerUrl;

/** A PDF that was opened. */
export interface PdfPages {
  readonly count: number;
  /** Draws a page (from 1) as wide as the canvas is shown; resolves with its text. */
  draw(page: number, canvas: HTMLCanvasElement): Promise<string>;
  close(): void;
}

/** Where the parts lie that few PDFs need: see `vite.config.ts`. */
const PARTS = new URL('../pdf/', import.meta.url).href;

/** Opens the PDF at a path. Rejects when it is none, or damaged. */
export async function openPdf(path: string): Promise<PdfPages> {
  const task = getDocument({
    url: new URL(path, location.href).href,
    // The page's policy allows no code made of text, and no WebAssembly.
    isEvalSupported: false,
    useWasm: false,
    cMapUrl: `${PARTS}cmaps/`,
    standardFontDataUrl: `${PARTS}standard_fonts/`,
    wasmUrl: `${PARTS}wasm/`,
  });
  const pdf = await task.promise;
  return {
    count: pdf.numPages,
    async draw(number, canvas) {
      const page = await pdf.getPage(number);
      const natural = page.getViewport({ scale: 1 });
      const scale = (canvas.clientWidth * Math.min(devicePixelRatio, 2)) / natural.width;
      const viewport = page.getViewport({ scale });
      canvas.width = Math.round(viewport.width);
      canvas.height = Math.round(viewport.height);
      await page.render({ canvas, viewport }).promise;
      const { items } = await page.getTextContent();
      return items.map((item) => ('str' in item ? item.str : '')).join(' ');
    },
    close: () => void task.destroy(),
  };
}
