// `npm start`: from a fresh clone to the running example. Only what is missing is installed, only what changed is built.
import { join } from 'node:path';
import { optionsOf, start } from './setup/command-line.mjs';
import { runInForeground } from './setup/foreground.mjs';
import { requireNode } from './setup/node-version.mjs';
import { ensurePackages } from './setup/npm-packages.mjs';
import { root } from './setup/root.mjs';
import { turbo } from './setup/turbo.mjs';

requireNode();
optionsOf(start);
try {
  await ensurePackages();
  await turbo('Building what changed (the first time, about 15 s)', 'build', { filter: 'document-signing...' });
  const main = join(root, 'examples/document-signing/dist/main.js');
  process.exitCode = await runInForeground(main, process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
