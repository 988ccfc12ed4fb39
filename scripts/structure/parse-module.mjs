import ts from 'typescript';

const modifiers = new Set(['only', 'skip', 'todo']);
const testNames = new Set(['test', 'it', 'describe', 'suite', 'bench']);

/** What the rules need to know of a module: its length, its imports, its console calls, its muted tests. */
export function parseModule(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = {
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [],
    consoleUses: [],
    mutedTests: [],
    statements: [],
  };
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node) => {
    const from = specifierOf(node);
    if (from !== undefined) found.imports.push({ from, line: lineOf(node) });
    if (ts.isPropertyAccessExpression(node)) {
      if (node.expression.getText(source) === 'console') found.consoleUses.push({ line: lineOf(node) });
      const name = firstName(node);
      if (modifiers.has(node.name.text) && testNames.has(name)) {
        found.mutedTests.push({ line: lineOf(node), what: `${name}.${node.name.text}` });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  // Export declarations alone; everything else does something of its own.
  found.statements = source.statements
    .filter((node) => !ts.isExportDeclaration(node))
    .map((node) => ({ line: lineOf(node) }));
  return found;
}

// import and export declarations, import('…'), the type import('…').X, require('…'), vi.importActual('…')
function specifierOf(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node)) return textOf(node.argument.literal);
  if (ts.isImportEqualsDeclaration(node)) return textOf(node.moduleReference.expression);
  if (ts.isCallExpression(node)) {
    const called = node.expression;
    const isRequire = ts.isIdentifier(called) && called.text === 'require';
    if (called.kind === ts.SyntaxKind.ImportKeyword || isRequire) return textOf(node.arguments[0]);
  }
  return undefined;
}

function textOf(node) {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function firstName(node) {
  let inner = node.expression;
  while (ts.isPropertyAccessExpression(inner)) inner = inner.expression;
  return ts.isIdentifier(inner) ? inner.text : undefined;
}
