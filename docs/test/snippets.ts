import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * One block of TypeScript in a page. A block is compiled and must be right, unless its fence says why not: ```` ```ts ignore why ````.
 *
 * | fence | is run |
 * |---|---|
 * | `ts run` | by a test that names its page |
 * | `ts run pg` | the same, with an empty Postgres database in `DATABASE_URL` |
 * | `ts run alone` | the same, as a process of its own, which has to end with 0 |
 * | `ts run by some.test.ts` | by a test of its own in this folder |
 *
 * What a block takes for granted stands in a comment straight above it, and what ends it in one straight below it; readers of
 * the page see neither: `<!-- ts: const orders = memorySource<Order>(); -->`, `<!-- ts after: await running.drain(); -->`. What
 * all blocks of a page take for granted stands once, above them: `<!-- ts page: import assert from 'node:assert/strict'; -->`.
 */
export interface Snippet {
  /** From the root of the repository. */
  readonly page: string;
  /** The line of the page on which the code begins. */
  readonly line: number;
  readonly mode: 'check' | 'run';
  /** What follows `ts run`: nothing, `pg`, `alone` or `by some.test.ts`. */
  readonly how: string;
  readonly context: string;
  readonly code: string;
  readonly after: string;
}

/** Every snippet of the root's pages, of the READMEs of packages and examples, and of the pages in docs. */
export function snippets(): Snippet[] {
  return pages().flatMap((page) => snippetsIn(page, readFileSync(join(root, page), 'utf8')));
}

/** The snippets of one page. Throws when a fence is never closed or says something unknown. */
export function snippetsIn(page: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  const lines = text.split('\n');
  let open: { fence: string; info: string; line: number } | undefined;
  lines.forEach((line, index) => {
    const [, fence = '', info = ''] = /^\s*(`{3,})\s*([^`]*?)\s*$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { fence, info, line: index + 1 };
    } else if (fence.length >= open.fence.length && info === '') {
      const { mode, how } = modeOf(`${page}:${open.line}`, open.info);
      const code = lines.slice(open.line, index).join('\n');
      const [context, after] = [contextAbove(lines, open.line - 1), afterBelow(lines, index)];
      if (mode !== 'ignore') found.push({ page, line: open.line + 1, mode, how, context, code, after });
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`${page}:${open.line}: this fence is never closed`);
  return found;
}

const MODES = /^(?:(run)(?: (pg|alone|by \S+\.test\.ts))?|ignore \S.*)?$/;

function modeOf(place: string, info: string): { mode: 'check' | 'run' | 'ignore'; how: string } {
  const [language = '', ...words] = info.split(/\s+/);
  if (!['ts', 'typescript', 'tsx'].includes(language)) return { mode: 'ignore', how: '' };
  const said = MODES.exec(words.join(' '));
  if (said === null)
    throw new Error(`${place}: "${info}" is none of ts, ts run [pg | alone | by a test], ts ignore why`);
  const [all, run, how = ''] = said;
  return { mode: all === '' ? 'check' : run === undefined ? 'ignore' : 'run', how };
}

function contextAbove(lines: readonly string[], fenceIndex: number): string {
  const above = lines.slice(0, fenceIndex).join('\n').trimEnd();
  const ofPage = [...above.matchAll(/<!-- ts page:\s([\s\S]*?)\s*-->/g)].map(([, code]) => code);
  const own = /<!-- ts:\s((?:(?!-->)[\s\S])*?)\s*-->$/.exec(above)?.[1];
  return [...ofPage, own ?? ''].join('\n').trim();
}

function afterBelow(lines: readonly string[], fenceIndex: number): string {
  const below = lines
    .slice(fenceIndex + 1)
    .join('\n')
    .trimStart();
  return /^<!-- ts after:\s([\s\S]*?)\s*-->/.exec(below)?.[1] ?? '';
}

function pages(): string[] {
  const readmes = ['packages', 'examples'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', ...readmes, ...docs].filter((page) => existsSync(join(root, page)));
}
