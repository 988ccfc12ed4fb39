import { constants } from 'node:os';
import { isComponentError } from '@sluice/contracts';
import type { App } from './app.js';

/**
 * Runs an app as the whole of a process, and ends the process with it: with 0 when it was stopped, with 1 when a part failed
 * (its code and advice go to stderr), with 128 and the number of the signal when a second signal cut it short.
 */
export async function runMain(main: App): Promise<never> {
  try {
    const { forced, reason } = await main.run();
    return await exit(forced ? 128 + signalNumber(reason) : 0);
  } catch (error) {
    const text = isComponentError(error) ? `${error.message}\n${error.advice}` : String(error);
    return exit(1, `${main.name}: ${text}\n`);
  }
}

/** Ends the process once what was told, warnings too, has been written. */
async function exit(code: number, text = ''): Promise<never> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise<unknown>((resolve) => process.stderr.write(text, resolve));
  return process.exit(code);
}

function signalNumber(reason: string): number {
  return constants.signals[reason as NodeJS.Signals] ?? constants.signals.SIGTERM;
}
