import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { type GatewayParts, gatewayService } from '../../src/gateway/service.js';
import type { Upstreams } from '../../src/gateway/upstream.js';
import { addressReader, clientAddressOf } from '../../src/http/client-address.js';
import { type HttpServiceOptions, httpService } from '../../src/http/http-service.js';
import { openLog } from '../../src/http/log.js';
import type { Service } from '../../src/http/service.js';

const log = openLog({ level: 'silent' });

/** A service that answers everything with its name and what it was asked; its WebSockets say who is there and send back what they get. */
export async function echoService(name: string, options: Partial<HttpServiceOptions> = {}): Promise<Service> {
  const app = await httpService({ name, readiness: {}, log, ...options });
  const requests: string[] = [];
  app.all('/*', { schema: { hide: true } }, async (request, reply) => {
    requests.push(request.method);
    if (request.url.includes('break')) {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    if (request.url.includes('stall')) await new Promise(() => undefined);
    return reply.header('x-made-by', name).send({
      service: name,
      url: request.url,
      method: request.method,
      address: clientAddressOf(request),
      id: request.id,
      forwardedFor: request.headers['x-forwarded-for'],
      host: request.headers.host,
      bytes: JSON.stringify(request.body ?? null).length,
      asked: requests.length,
    });
  });
  app.get('/documented', { schema: { response: { 200: z.object({ by: z.string() }) } } }, async () => ({ by: name }));
  const sockets = new WebSocketServer({ noServer: true });
  const addressOf = addressReader(options.trustedProxies);
  app.server.on('upgrade', (request, socket, head) => {
    if (request.url?.includes('refused')) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.send(JSON.stringify({ by: name, address: addressOf(request) }));
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    });
  });
  await app.ready();
  const close = async () => {
    for (const client of sockets.clients) client.terminate();
    await app.close();
  };
  onTestFinished(close);
  return { name, app, close };
}

/** A replica of such a service, on a port. */
export async function replica(name: string, options: Partial<HttpServiceOptions> = {}) {
  const service = await echoService(name, { trustedProxies: ['127.0.0.1'], ...options });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    service,
    async kill() {
      service.app.server.closeAllConnections();
      await service.close();
    },
  };
}

/** A gateway on a port, before services of this process unless others are given. */
export async function gateway(
  parts: Partial<Omit<GatewayParts, 'upstreams'>> & { upstreams?: Partial<Upstreams> } = {},
) {
  const names = ['document', 'signature', 'search', 'realtime'] as const;
  const made = await Promise.all(
    names.map(async (name) => [name, parts.upstreams?.[name] ?? { service: await echoService(name) }]),
  );
  const pageDirectory = await mkdtemp(join(tmpdir(), 'page-'));
  await writeFile(join(pageDirectory, 'index.html'), '<!doctype html><title>Documents</title>');
  const service = await gatewayService({
    log,
    pageDirectory,
    ...parts,
    upstreams: Object.fromEntries(made) as Upstreams,
  });
  const url = await service.app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    await service.close();
    await rm(pageDirectory, { recursive: true });
  });
  return { url, service };
}
