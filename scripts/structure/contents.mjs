import { findings } from './findings.mjs';

// Their whole purpose is to write to the terminal.
const writesToTerminal = new Set(['packages/cli', 'packages/create-sluice']);

export function entryOnlyExports({ packages }) {
  const found = findings('entry-only-exports');
  for (const file of packages.filter((one) => one.library).flatMap((one) => one.files)) {
    if (file.part !== 'src' || !/\/index\.tsx?$/.test(file.path)) continue;
    for (const { line } of file.statements) {
      found.add(
        `${file.path}:${line}`,
        'an index file only exports',
        'Move this to a file of its own and export it from here.',
      );
    }
  }
  return found.all;
}

export function consoleFree({ packages }) {
  const found = findings('console-free');
  for (const one of packages) {
    if (!one.library || writesToTerminal.has(one.path)) continue;
    for (const file of one.files.filter((file) => file.part === 'src')) {
      for (const { line } of file.consoleUses) {
        found.add(
          `${file.path}:${line}`,
          'library code does not log',
          'Raise a ComponentError, or report through Telemetry.',
        );
      }
    }
  }
  return found.all;
}

export function noMutedTests({ packages }) {
  const found = findings('no-muted-tests');
  for (const file of packages.flatMap((one) => one.files)) {
    for (const { line, what } of file.mutedTests) {
      found.add(`${file.path}:${line}`, `${what} keeps tests from running`, 'Mend the test or delete it.');
    }
  }
  return found.all;
}
