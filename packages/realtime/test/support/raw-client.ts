import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A WebSocket client that sends the bytes it is told to. Opened once the server has switched protocols. */
export async function rawClient(
  port: number,
): Promise<{ socket: Socket; closed: Promise<void>; closeCode(): number | undefined }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return {
    socket,
    closed,
    closeCode: () => {
      // The first close frame: 0x88, its length, the code.
      const at = received.indexOf(0x88, received.indexOf('\r\n\r\n') + 4);
      return at < 0 || received.length < at + 4 ? undefined : received.readUInt16BE(at + 2);
    },
  };
}

/** One frame as a client sends it, with a masking key of zeros. */
export function clientFrame(opcode: number, payload: string, final = true): Buffer {
  const body = Buffer.from(payload);
  if (body.length > 125) throw new RangeError('short payloads only');
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, 0x80 | body.length, 0, 0, 0, 0]), body]);
}
