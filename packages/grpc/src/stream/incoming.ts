import type { Readable } from 'node:stream';

/**
 * The messages of a stream of grpc-js, pulled: while nobody asks, nothing more than a few is read from the socket. To stop early
 * leaves the stream as it is, so that its other half goes on.
 *
 * `failure` says what the stream failed with, if it has; it is asked once all that arrived before is given out.
 */
export async function* incoming<T>(stream: Readable, failure: () => Error | undefined): AsyncGenerator<T, void, void> {
  let wake = (): void => {};
  const woken = () => wake();
  const events = ['readable', 'end', 'error', 'close', 'status', 'cancelled'];
  for (const event of events) stream.on(event, woken);
  try {
    while (true) {
      const message: T | null = stream.read();
      if (message !== null) {
        yield message;
        continue;
      }
      const failed = failure();
      if (failed !== undefined) throw failed;
      if (stream.readableEnded || stream.destroyed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    for (const event of events) stream.off(event, woken);
  }
}
