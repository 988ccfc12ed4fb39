import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection that sends just these bytes; gives what came back until the server closed it. */
export async function rawConnection(url: string, sent: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.write(sent);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await new Promise<void>((resolve, reject) => socket.once('close', () => resolve()).once('error', reject));
  return received;
}
