import { consoleFree, entryOnlyExports, noMutedTests } from './contents.mjs';
import { importDirection, nodeFree, nodePrefix } from './import-direction.mjs';
import { declaredImports, staysInPackage } from './package-borders.mjs';
import { fileSize, medianSize, plainNames, readme } from './shape.mjs';

/** Every rule: a function from a workspace to its findings, each with a place, a message and what to do about it. */
export const rules = [
  importDirection,
  nodeFree,
  nodePrefix,
  declaredImports,
  staysInPackage,
  entryOnlyExports,
  consoleFree,
  noMutedTests,
  fileSize,
  medianSize,
  plainNames,
  readme,
];
