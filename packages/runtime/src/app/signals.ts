/** Calls `heard` for each of these signals until what it returns is called. */
export function onSignals(signals: readonly NodeJS.Signals[], heard: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals) => heard(signal);
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
}
