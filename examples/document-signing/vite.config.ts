import { fileURLToPath } from 'node:url';
import preact from '@preact/preset-vite';
import { defaultClientConditions, defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('page'),
  base: './',
  plugins: [preact()],
  resolve: { conditions: ['@sluice/source', ...defaultClientConditions] },
  build: { outDir: here('dist/page'), emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
});
