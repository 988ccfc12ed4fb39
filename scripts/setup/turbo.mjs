import { join } from 'node:path';
import { quietRun } from './quiet-run.mjs';
import { root } from './root.mjs';

/** Runs one task of the workspace where it is stale; output that is still right comes from turbo's cache. */
export async function turbo(waitingFor, task, { filter } = {}) {
  const args = [join(root, 'node_modules/turbo/bin/turbo'), 'run', task, '--output-logs=errors-only'];
  if (filter !== undefined) args.push(`--filter=${filter}`);
  await quietRun(waitingFor, process.execPath, args, {
    env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  });
}
