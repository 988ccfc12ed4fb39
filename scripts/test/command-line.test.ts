import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HELP, readArguments } from '../../examples/document-signing/src/command-line/arguments.js';
// @ts-expect-error plain JavaScript without declarations
import { start } from '../setup/command-line.mjs';

const run = (script: string, ...args: string[]) => {
  const file = fileURLToPath(new URL(`../${script}.mjs`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
};

test.each(['start', 'test'])(
  'npm %s -- --help is answered with the usage alone: nothing is installed or built',
  (name) => {
    const { status, stdout, stderr } = run(name, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: npm ${name} -- `));
    expect(stdout).toMatch(/--help +show this\n$/);
  },
);

test.each(['start', 'test'])('an unknown option of npm %s is refused before anything is done', (name) => {
  const { status, stdout, stderr } = run(name, '--bogus');
  expect({ status, stdout }).toEqual({ status: 1, stdout: name === 'test' ? '\n0 passed, 1 failed\n' : '' });
  expect(stderr).toContain('--bogus');
  expect(stderr).toContain(`Usage: npm ${name} -- `);
});

test('npm start knows the options of the example, each of them and no other', () => {
  const named = (text: string) => [...text.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name).sort();
  expect(Object.keys(start.options).sort()).toEqual(named(HELP));
  expect(named(start.usage)).toEqual(named(HELP));
  for (const [name, { type }] of Object.entries<{ type: string }>(start.options)) {
    expect(() => readArguments([`--${name}${type === 'string' ? '=1' : ''}`])).not.toThrow();
  }
});
