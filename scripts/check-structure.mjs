// `npm run lint`, second half: the structure of the packages, as docs and CONTRIBUTING.md promise it.
// Usage: node scripts/check-structure.mjs [folder of a workspace]
import { resolve } from 'node:path';
import { root } from './setup/root.mjs';
import { rules } from './structure/rules.mjs';
import { readWorkspace } from './structure/workspace.mjs';

const folder = resolve(process.argv[2] ?? root);
const workspace = readWorkspace(folder);
const findings = rules.flatMap((rule) => rule(workspace));
for (const { where, rule, message, advice } of findings) console.error(`${where} ${rule}: ${message}\n    ${advice}`);
const files = workspace.packages.reduce((sum, { files }) => sum + files.length, 0);
if (findings.length > 0) {
  console.error(`\n${findings.length} findings in ${files} files`);
  process.exitCode = 1;
} else console.log(`Structure: ${workspace.packages.length} packages, ${files} files, no findings`);
