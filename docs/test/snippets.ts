import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * One block of TypeScript in a page. A block is compiled and must be right, unless its fence says ```` ```ts ignore ````.
 * ```` ```ts run ```` is also run, by a test that names its page.
 *
 * What a block takes for granted is declared in a comment straight above it, which readers of the page do not see:
 * `<!-- ts: declare const server: import('node:http').Server; -->`.
 */
export interface Snippet {
  /** From the root of the repository. */
  readonly page: string;
  /** The line of the page on which the code begins. */
  readonly line: number;
  readonly mode: 'check' | 'run';
  readonly context: string;
  readonly code: string;
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
    const [, fence = '', info = ''] = /^\s*(`{3,})\s*(.*?)\s*$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { fence, info, line: index + 1 };
    } else if (fence.length >= open.fence.length && info === '') {
      const mode = modeOf(`${page}:${open.line}`, open.info);
      const code = lines.slice(open.line, index).join('\n');
      if (mode !== 'ignore')
        found.push({ page, line: open.line + 1, mode, context: contextAbove(lines, open.line - 1), code });
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`${page}:${open.line}: this fence is never closed`);
  return found;
}

function modeOf(place: string, info: string): 'check' | 'run' | 'ignore' {
  const [language = '', ...words] = info.split(/\s+/);
  if (!['ts', 'typescript', 'tsx'].includes(language)) return 'ignore';
  const mode = words.join(' ');
  if (mode === '') return 'check';
  if (mode === 'run' || mode === 'ignore') return mode;
  throw new Error(`${place}: "${info}" is none of ts, ts run, ts ignore`);
}

function contextAbove(lines: readonly string[], fenceIndex: number): string {
  const above = lines.slice(0, fenceIndex).join('\n').trimEnd();
  return /<!-- ts: ((?:(?!-->)[\s\S])*?)\s*-->$/.exec(above)?.[1] ?? '';
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
