/** Ctrl-C reaches every process of the terminal, and npm passes it on once more: that is still one Ctrl-C. */
const SAME_SIGNAL_MS = 500;

/** How the program comes to its end. */
export interface Stopping {
  /** Whether it is on its way. */
  readonly begun: boolean;
  /** Says on stderr what went wrong, then stops as on Ctrl-C, with exit code 1. Nothing, when a stop is on its way. */
  after(problem: string): void;
}

/**
 * Ends the program on Ctrl-C, SIGTERM or SIGHUP: the first one calls `stop`, which has `deadlineMs`; a second one, or the
 * deadline, ends it at once. The database notices that this process is gone, and stops too.
 */
export function stopOnSignal(stop: () => Promise<void>, say: (line: string) => void, deadlineMs = 15_000): Stopping {
  let since: number | undefined;
  const force = (code: number) => process.exit(code);
  const begin = (code: number) => {
    since = performance.now();
    // Keeps the process: with nothing else left to wait for it would end by itself, with code 0.
    setTimeout(() => {
      say('Stopping took too long; ending now.');
      force(1);
    }, deadlineMs);
    stop().then(
      () => {
        say('Stopped.');
        force(code);
      },
      (error: unknown) => {
        say(`Stopped, with an error: ${(error as Error).message}`);
        force(1);
      },
    );
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL_MS) force(130);
      return;
    }
    say(`\n${signal === 'SIGINT' ? 'Ctrl-C' : signal}: finishing what is in flight (once more to stop at once)…`);
    begin(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  return {
    get begun() {
      return since !== undefined;
    },
    after(problem) {
      if (since !== undefined) return;
      process.stderr.write(`${problem}\n`);
      begin(1);
    },
  };
}
