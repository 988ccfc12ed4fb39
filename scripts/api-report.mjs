// The public API of every package, one report per entry point, in packages/<package>/api/<entry>.api.md.
// `npm run api` writes them from the built declarations; `--check` fails when one is not current, or when an exported
// name has no TSDoc.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { keepFile } from './setup/keep-file.mjs';
import { root } from './setup/root.mjs';

// Declarations are read as a user of the package reads them: from dist, without the condition for our own sources.
const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

const check = process.argv.includes('--check');
const advice =
  'If the change is meant, run `npm run build && npm run api`, read the difference, and commit it with a changeset.';
const work = mkdtempSync(join(tmpdir(), 'sluice-api-'));
try {
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name);
    if (!existsSync(join(folder, 'package.json'))) continue;
    for (const entry of entriesOf(folder)) report(folder, entry);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function report(folder, { name, declarations }) {
  const path = join(folder, 'api', `${name}.api.md`);
  const broken = [];
  Extractor.invoke(configOf(folder, name, declarations), {
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) broken.push(message.text);
    },
  });
  for (const text of broken) fail(`${declarations}: ${text}`);
  if (broken.length > 0) return;
  const text = readFileSync(join(work, `${name}.api.md`), 'utf8');
  for (const exported of undocumentedNames(text)) {
    fail(`${folder.slice(root.length + 1)} (${name}): ${exported} is exported without TSDoc. Say what it is for.`);
  }
  keepFile(path, text, { check, advice });
}

// Members speak for themselves where they can, and one comment serves all overloads of a function.
function undocumentedNames(text) {
  const exported = text.matchAll(/^\/\/ @public( \(undocumented\))?.*\nexport (?:abstract |declare )*\w+ (\w+)/gm);
  const all = [...exported].map(([, undocumented, name]) => ({ name, documented: undocumented === undefined }));
  return [...new Set(all.map(({ name }) => name))].filter(
    (name) => !all.some((one) => one.name === name && one.documented),
  );
}

function fail(text) {
  console.error(text);
  process.exitCode = 1;
}

function configOf(folder, name, declarations) {
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: declarations,
      compiler: { overrideTsconfig: { compilerOptions, files: [declarations] } },
      apiReport: {
        enabled: true,
        reportFolder: work,
        reportTempFolder: join(work, 'temp'),
        reportFileName: `${name}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-undocumented': { logLevel: 'none' },
          'ae-missing-release-tag': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
}

/** The entry points of a package, as its `exports` has them. */
function entriesOf(folder) {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object' && target.types !== undefined)
    .map(([subpath, { types }]) => ({
      name: subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-'),
      declarations: join(folder, types),
    }))
    .filter(
      ({ declarations }) => existsSync(declarations) || fail(`${declarations} is missing: run npm run build first.`),
    );
}
