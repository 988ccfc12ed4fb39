import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Snippet } from './snippets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the compiler says about each snippet, a module of its own among our sources: `page:line: message`. */
export function compileSnippets(snippets: readonly Snippet[]): string[] {
  const modules = new Map(snippets.map((snippet, index) => [join(root, `docs/test/snippet-${index}.ts`), snippet]));
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const snippet = modules.get(path);
    return snippet === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, moduleOf(snippet), ...(rest.slice(0, 1) as [ts.ScriptTarget]));
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules].flatMap(([path, snippet]) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const { line } = file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0) ?? { line: 0 };
      const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
      return `${snippet.page}:${snippet.line + line - 1}: ${message}`;
    });
  });
}

// One line above the code, so that lines of the page can be told.
function moduleOf({ context, code, after }: Snippet): string {
  return `export {}; ${context.replaceAll('\n', ' ')}\n${code}\n\n${after}\n`;
}

// As our sources are compiled, for Node and the browser at once; a page may show a value without using it.
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return {
    ...options,
    lib: [...(options.lib ?? []), 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
    noEmit: true,
  };
}
