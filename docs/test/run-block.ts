import { format } from 'node:util';
import { RoutedPipeline, RunningPipeline } from '@sluice/runtime';
import { trackResources } from '@sluice/testkit';
import { expect, vi } from 'vitest';
import { anyPort } from './any-port.js';
import { loadSnippet } from './load-snippet.js';
import { runSnippet } from './run-snippet.js';
import type { Snippet } from './snippets.js';

/**
 * Runs a block of a page with all that surrounds it. It fails when the block throws, when it leaves a pipeline, a timer, a
 * server or a connection behind, and when a `console.log(…); // text` of it has not printed the text, in this order.
 */
export async function runBlock(block: Snippet): Promise<void> {
  expectPrinted(block.code, await (block.how === 'alone' ? runAlone(block) : runHere(block)));
}

async function runAlone(block: Snippet): Promise<string> {
  const start = "import { anyPort } from '../any-port.js'; anyPort();";
  const program = await runSnippet({ ...block, context: `${start}\n${block.context}` }, {});
  const code = await program.ended;
  expect(code, program.output()).toBe(0);
  return program.output();
}

async function runHere({ context, code, after }: Snippet): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const runs = [vi.spyOn(RunningPipeline.prototype, 'run'), vi.spyOn(RoutedPipeline.prototype, 'run')];
  const samePorts = anyPort();
  using resources = trackResources();
  try {
    await loadSnippet(context, code, after);
    const started = runs.flatMap(({ mock }) => mock.contexts as (RunningPipeline | RoutedPipeline)[]);
    expect(started.map(({ state }) => state).filter((state) => state !== 'stopped' && state !== 'failed')).toEqual([]);
    await resources.assertNoLeaks({ timeoutMs: 20_000 });
    return log.mock.calls.map((values) => format(...values)).join('\n');
  } finally {
    samePorts();
    for (const spy of [log, ...runs]) spy.mockRestore();
  }
}

/** An object that is printed over several lines counts as one. */
const onOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

export function expectPrinted(code: string, printed: string): void {
  let rest = onOneLine(printed);
  for (const [, told = ''] of code.matchAll(/^\s*(?:.*[) ])?console\.log\(.*\);\s*\/\/ (.*)$/gm)) {
    const at = rest.indexOf(onOneLine(told));
    expect(at, `"${told}" in what is printed: "${rest}"`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + onOneLine(told).length);
  }
}
