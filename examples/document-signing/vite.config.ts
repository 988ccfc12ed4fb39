import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import preact from '@preact/preset-vite';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('page'),
  base: './',
  plugins: [preact(), pdfParts()],
  resolve: { conditions: ['@sluice/source', ...defaultClientConditions] },
  build: { outDir: here('dist/page'), emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
});

/** Files that pdf.js asks for by name when a PDF needs them: Asian encodings, the fonts that every PDF may name, old image formats. */
function pdfParts(): Plugin {
  const root = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
  const wanted = { cmaps: /\.bcmap$/, standard_fonts: /\.(pfb|ttf)$/, wasm: /_nowasm_fallback\.js$/ };
  return {
    name: 'pdf-parts',
    apply: 'build',
    generateBundle() {
      for (const [folder, names] of Object.entries(wanted)) {
        for (const name of readdirSync(join(root, folder)).filter((name) => names.test(name))) {
          this.emitFile({
            type: 'asset',
            fileName: `pdf/${folder}/${name}`,
            source: readFileSync(join(root, folder, name)),
          });
        }
      }
    },
  };
}
