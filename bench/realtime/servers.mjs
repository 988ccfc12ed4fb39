// The servers that are compared: each is attached to an HTTP server, knows how to publish, and how a client greets it.
import { createHmac, randomBytes } from 'node:crypto';

export const SLUICE = 'Sluice';
export const WS = 'ws';
export const SOCKET_IO = 'socket.io';

/** `query`: what a client in a channel asks for. `greeting`: a text that it sends once it is connected. */
export const servers = {
  [SLUICE]: async (server) => {
    const { jwtAuthentication, realtimeHub } = await import('@sluice/realtime');
    const secret = randomBytes(32);
    const limits = { maxConnections: 100_000, maxConnectionsPerAddress: 100_000, maxConnectionsPerIdentity: 100_000 };
    const hub = realtimeHub({ limits, history: {} });
    hub.attach(server, {
      authenticate: jwtAuthentication({ secret }),
      channels: (_, url) => url.searchParams.getAll('channel'),
    });
    const token = signed({ sub: 'bench', exp: Math.floor(Date.now() / 1000) + 3_600 }, secret);
    return {
      query: (channel) => `/ws?channel=${channel}&token=${token}`,
      welcomes: 1,
      publish: (channel, message) => hub.publish(channel, message),
    };
  },

  /** The shortest one can write by its documentation: sets of clients by channel, one text for all. */
  [WS]: async (server) => {
    const { WebSocketServer } = await import('ws');
    const channels = new Map();
    const wss = new WebSocketServer({ server, perMessageDeflate: false });
    wss.on('connection', (client, request) => {
      const channel = new URL(request.url, 'http://localhost').searchParams.get('channel');
      const clients = channels.get(channel) ?? new Set();
      channels.set(channel, clients.add(client));
      client.on('close', () => clients.delete(client));
    });
    return {
      query: (channel) => `/ws?channel=${channel}`,
      welcomes: 0,
      publish(channel, message) {
        const text = JSON.stringify(message);
        for (const client of channels.get(channel) ?? []) client.send(text);
      },
    };
  },

  [SOCKET_IO]: async (server) => {
    const { Server } = await import('socket.io');
    const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
    io.on('connection', (socket) => socket.join(socket.handshake.query.channel));
    return {
      query: (channel) => `/socket.io/?EIO=4&transport=websocket&channel=${channel}`,
      greeting: '40',
      // The packets that open the engine and the namespace.
      welcomes: 2,
      publish: (channel, message) => io.to(channel).emit('message', message),
    };
  },
};

function signed(claims, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
