import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { refuseUpgrade } from './refuse-upgrade.js';
import type { Replicas } from './replicas.js';

/** An upgrade to forward. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What the replica is sent. */
  readonly headers: IncomingMessage['headers'];
  /** Until the replica answers, in milliseconds. */
  readonly handshakeMs: number;
}

/**
 * Joins a client with a replica that takes its upgrade, byte by byte, until either closes; each is read as fast as the other takes it. A
 * replica that cannot be reached, or breaks off before it has answered, is followed by the next. What a replica answers instead of an
 * upgrade, a 401 for example, is what the client gets.
 */
export function tunnel(upgrade: Upgrade, replicas: Replicas, tried: Set<string> = new Set()): void {
  const { request, socket, head, headers, handshakeMs } = upgrade;
  const place = replicas.take(tried);
  if (place === undefined) {
    refuseUpgrade(socket, 503, 'The service cannot be reached');
    return;
  }
  tried.add(place.base);
  const url = new URL(request.url ?? '/', place.base);
  const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const asking = ask(url, { headers, agent: false, timeout: handshakeMs });
  const clientLeft = () => asking.destroy();
  socket.once('close', clientLeft);
  socket.once('close', place.release);

  asking.once('timeout', () => asking.destroy(new Error('the replica took too long')));
  asking.once('error', () => {
    socket.off('close', clientLeft);
    place.failed();
    if (!socket.destroyed) tunnel(upgrade, replicas, tried);
  });
  asking.once('response', (response) => {
    place.worked();
    socket.write(headOf(response, ['connection: close']));
    socket.once('finish', () => socket.destroy());
    response.pipe(socket);
  });
  asking.once('upgrade', (response, behind, first) => {
    place.worked();
    behind.setTimeout(0);
    request.socket.setTimeout(0);
    socket.write(headOf(response));
    if (first.length > 0) socket.write(first);
    if (head.length > 0) behind.write(head);
    join(socket, behind);
  });
  asking.end();
}

function join(client: Duplex, behind: Duplex): void {
  for (const [one, other] of [
    [client, behind],
    [behind, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => other.destroy());
    one.pipe(other);
  }
}

/** Without an upgrade the end of the connection is the end of the answer: Node has undone the chunks. */
function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage, instead: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...instead];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const [name = '', value = ''] = rawHeaders.slice(n, n + 2);
    if (instead.length === 0 || !/^(connection|keep-alive|transfer-encoding)$/i.test(name))
      lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
