import { defineConfig, type Options } from 'tsup';

/** What every package shares: ESM, declarations, source maps; dependencies stay external. */
export const library = (entry: Record<string, string>, options: Options = {}) =>
  defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    tsconfig: 'tsconfig.json',
    ...options,
  });
