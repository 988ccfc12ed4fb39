import { channel } from 'node:diagnostics_channel';
import type { Notice, Plan } from './plan.js';

/** Who tells something. */
interface Teller {
  readonly name: string;
  readonly notice?: ((notice: Notice) => void) | undefined;
}

const notices = channel('sluice:notice');

/**
 * Tells a person something: on the diagnostics channel, and through the `notice` option or, where there is none, a process
 * warning. A pipeline that can't reach its database must not do so in silence.
 *
 * `repetition` counts how often the same thing was said in a row; of those only the 1st, 2nd, 4th, 8th… become warnings.
 */
export function tell({ name, options }: Plan, message: string, code: string | undefined, repetition = 1): void {
  publish({ name, notice: options.notice }, 'pipeline', message, code, repetition);
}

/** The same for an app, by its own name. */
export function tellApp(app: Teller, message: string, code: string): void {
  publish(app, 'app', message, code, 1);
}

function publish(teller: Teller, kind: string, message: string, code: string | undefined, repetition: number): void {
  const { name } = teller;
  const notice: Notice = { pipeline: name, message, ...(code ? { code } : {}) };
  try {
    notices.publish(notice);
    if (teller.notice) teller.notice(notice);
    else if (Number.isInteger(Math.log2(repetition))) {
      process.emitWarning(`${kind} ${name}: ${message}`, { type: 'Sluice', ...(code ? { code } : {}) });
    }
  } catch {
    // Whoever listens is no part of the pipeline, and there is nobody else to tell.
  }
}
