// Results are kept in git, a file for each benchmark and day: the last run of a day counts.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Writes `text` to bench/results and tells where. */
export async function save(name, text) {
  const folder = new URL('../results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const file = `${name}-${new Date().toISOString().slice(0, 10)}.md`;
  await writeFile(new URL(file, folder), `${text.trimEnd()}\n`);
  console.log(`\nSaved to ${fileURLToPath(new URL(file, folder))}`);
}
