import { createServer } from 'node:net';
import { UsageError } from './arguments.js';

/** Throws {@link UsageError} when the port cannot be had: better known before a database is started than after. */
export async function assertPortFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(portError(port, error) ?? error));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

/** What to say about a port that cannot be listened on; `undefined` for another error. */
export function portError(port: number, error: unknown): UsageError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new UsageError(
      `Port ${port} is taken. Stop what uses it, or choose another: npm start -- --port ${port + 1}`,
    );
  }
  if (code === 'EACCES') {
    return new UsageError(`Port ${port} needs rights that this user lacks. Choose another: npm start -- --port 8000`);
  }
  return undefined;
}
