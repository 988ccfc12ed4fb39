// Writes docs/errors.md from the table of errors in @sluice/contracts; `--check` says whether it is current.
import { join } from 'node:path';
import { build } from 'esbuild';
import { keepFile } from './setup/keep-file.mjs';
import { root } from './setup/root.mjs';

const table = join(root, 'packages/contracts/src/failure/error-table.ts');
const page = join(root, 'docs/errors.md');

const meaning = {
  now: 'tried again at once',
  backoff: 'tried again after a pause',
  never: 'not tried again: the event itself is bad',
  operator: 'waits for a person',
};

const errors = await readTable();
keepFile(page, errorPage(errors), {
  check: process.argv.includes('--check'),
  advice: 'Run `npm run docs:errors` and commit the page.',
});

// The table imports its sections and nothing else: in one file it is a module that Node can load as it is.
async function readTable() {
  const { outputFiles } = await build({ entryPoints: [table], bundle: true, format: 'esm', write: false });
  const { ERRORS } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  return Object.entries(ERRORS);
}

function errorPage(entries) {
  const prefixes = [...new Set(entries.map(([code]) => prefixOf(code)))].sort();
  const sections = prefixes.map((prefix) => {
    const rows = entries
      .filter(([code]) => prefixOf(code) === prefix)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, { retry, advice }]) => `| \`${code}\` | ${retry} | ${cell(advice)} |`);
    return [`## ${prefix}`, '', '| code | retry | what to do |', '|---|---|---|', ...rows, ''].join('\n');
  });
  return [
    '<!-- Generated from packages/contracts/src/failure/error-table.ts by `npm run docs:errors`; do not edit. -->',
    '',
    '# Errors',
    '',
    'Every error that Sluice raises is a `ComponentError` with a `code` from this page, a `retry` class, `advice`, and',
    '`details` (ids, counts, positions; never row values, secrets or connection strings). What the classes mean:',
    '',
    ...Object.entries(meaning).map(([retry, text]) => `- \`${retry}\`: ${text}.`),
    '',
    ...sections,
  ].join('\n');
}

function prefixOf(code) {
  return code.split('_')[0];
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
