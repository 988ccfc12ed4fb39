import type { Writable } from 'node:stream';

/**
 * Sends messages as fast as the peer takes them: the next one is asked for once the stream has room. Ends when there are no more,
 * or when `over` says that nobody wants them; then the messages are told (`return`), so that a generator can clean up.
 *
 * Rejects with what the messages throw.
 */
export async function sendAll<T>(
  messages: AsyncIterable<T>,
  stream: Writable,
  encode: (message: T) => Buffer,
  over: () => boolean,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  let returned = false;
  const stop = () => {
    if (returned) return;
    returned = true;
    // It may be waiting for something: its end is nothing that anybody waits for, and its error nobody's any more.
    iterator.return?.().catch(() => {});
  };
  const onOver = () => {
    if (over()) stop();
  };
  for (const event of OVER) stream.on(event, onOver);
  try {
    while (!over()) {
      const next = await iterator.next();
      if (next.done) {
        returned = true;
        return;
      }
      if (over()) break;
      if (!stream.write(encode(next.value))) await room(stream, over);
    }
  } finally {
    for (const event of OVER) stream.off(event, onOver);
    stop();
  }
}

const OVER = ['cancelled', 'close', 'error', 'status'];
const ROOM = ['drain', ...OVER];

function room(stream: Writable, over: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (stream.writableNeedDrain && !over() && !stream.destroyed) return;
      for (const event of ROOM) stream.off(event, look);
      resolve();
    };
    for (const event of ROOM) stream.on(event, look);
    look();
  });
}
