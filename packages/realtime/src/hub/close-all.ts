import type { Connection } from '../connection/connection.js';

/** Closes every connection with a code, and destroys those that are left after the deadline. Resolves when all are gone. */
export async function closeAll(
  connections: ReadonlySet<Connection>,
  code: number,
  reason: string,
  deadlineMs: number,
): Promise<void> {
  const gone = Promise.all([...connections].map(ended));
  for (const { ws } of connections) ws.close(code, reason);
  const timer = setTimeout(() => {
    for (const { ws } of connections) ws.terminate();
  }, deadlineMs);
  await gone;
  clearTimeout(timer);
}

function ended({ ws }: Connection): Promise<void> {
  return new Promise((resolve) => ws.once('close', () => resolve()));
}
