import { connect, type Socket } from 'node:net';
import { Flow } from './flow.js';
import type { Direction } from './proxy-direction.js';

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Counts from 1, in the order of arrival. */
  readonly id: number;
  /** Bytes forwarded from the client to the target. */
  readonly bytesUp: number;
  /** Bytes forwarded from the target to the client. */
  readonly bytesDown: number;
  /** Ends it by RST, on both sides. */
  reset(): void;
  /** Ends it by FIN, on both sides, and hears nothing more; it is gone once both have ended it too. */
  end(): void;
}

export interface ConnectionParts {
  readonly id: number;
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly up: Direction;
  readonly down: Direction;
  readonly bufferBytes: number;
  readonly seed: number;
  readonly closed: () => void;
}

/** Joins a client's socket with a new one to the target. What one side does, the other one sees, as far as the faults let it. */
export function proxyConnection(parts: ConnectionParts): ProxiedConnection {
  const { id, client, up, down, bufferBytes, seed } = parts;
  const { host, port } = parts.target;
  const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const reset = () => {
    for (const socket of [client, server]) resetSocket(socket);
  };
  const end = () => {
    flowUp.close();
    flowDown.close();
    for (const socket of [client, server]) socket.end();
  };
  const shared = { bufferBytes, reset, end };
  const flowUp = new Flow({ ...shared, from: client, to: server, direction: up, seed });
  const flowDown = new Flow({ ...shared, from: server, to: client, direction: down, seed: ~seed });
  follow(client, server, flowUp);
  follow(server, client, flowDown);
  let open = 2;
  for (const socket of [client, server]) {
    socket.once('close', () => {
      open -= 1;
      if (open > 0) return;
      flowUp.close();
      flowDown.close();
      parts.closed();
    });
  }
  return {
    id,
    get bytesUp() {
      return flowUp.bytes;
    },
    get bytesDown() {
      return flowDown.bytes;
    },
    reset,
    end,
  };
}

/** An end that is not orderly (reset, refused, unreachable) reaches the other side as a reset, unless the line is dead. */
function follow(socket: Socket, other: Socket, flow: Flow): void {
  socket.on('error', () => {
    if (!flow.silent) resetSocket(other);
  });
}

/** A socket that is still connecting has no one to send an RST to. */
function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
