/** Ctrl-C reaches every process of the terminal, and npm passes it on once more: that is still one Ctrl-C. */
const SAME_SIGNAL_MS = 500;

/**
 * Ends the program on Ctrl-C, SIGTERM or SIGHUP: the first one calls `stop`, which has `deadlineMs`; a second one, or the deadline, ends it at
 * once. The database notices that this process is gone, and stops too.
 */
export function stopOnSignal(stop: () => Promise<void>, say: (line: string) => void, deadlineMs = 15_000): void {
  let stopping: number | undefined;
  const force = (code: number) => process.exit(code);
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping !== undefined) {
      if (performance.now() - stopping > SAME_SIGNAL_MS) force(130);
      return;
    }
    stopping = performance.now();
    say(`\n${signal === 'SIGINT' ? 'Ctrl-C' : signal}: finishing what is in flight (once more to stop at once)…`);
    setTimeout(() => {
      say('Stopping took too long; ending now.');
      force(1);
    }, deadlineMs).unref();
    stop().then(
      () => {
        say('Stopped.');
        force(0);
      },
      (error: unknown) => {
        say(`Stopped, with an error: ${(error as Error).message}`);
        force(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
}
