// A sink that keeps nothing: what it is given is counted and free at once.

/** `full` resolves when `expected` events were written. */
export function countingSink(expected) {
  let becomeFull;
  const full = new Promise((resolve) => {
    becomeFull = resolve;
  });
  const sink = {
    name: 'counting',
    features: { delivery: 'plain' },
    written: 0,
    full,
    open: async () => ({
      async write(events) {
        sink.written += events.length;
        if (sink.written >= expected) becomeFull();
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  return sink;
}
