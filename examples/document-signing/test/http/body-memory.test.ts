import { connect, type Socket } from 'node:net';
import { waitFor } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { boundBodies } from '../../src/http/body-memory.js';
import { httpService } from '../../src/http/http-service.js';
import { openLog } from '../../src/http/log.js';
import { call } from '../support/answers.js';

test('large bodies are bounded together: what is too much is a 503, small ones pass, and it is over with the clients', async () => {
  const app = await httpService({ name: 'sample', readiness: {}, log: openLog({ level: 'silent' }) });
  boundBodies(app, 300_000);
  const body = z.object({ text: z.string() });
  app.post('/', { bodyLimit: 1_000_000, schema: { body } }, async ({ body }) => ({ length: body.text.length }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const send = (length: number) => call(url, 'POST', { text: 'x'.repeat(length) });

  for (let n = 0; n < 3; n++) expect((await send(200_000)).body).toEqual({ length: 200_000 });
  const slow: Socket[] = [];
  for (let n = 0; n < 2; n++) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.write(
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 300000\r\n\r\n',
    );
    socket.write(`{"text":"${'x'.repeat(140_000)}`);
    slow.push(socket);
  }
  const full = await waitFor(
    async () => {
      const answer = await send(100_000);
      return answer.status === 503 && answer;
    },
    { what: 'the bound to be reached' },
  );
  expect([full.body, full.headers.get('retry-after')]).toEqual([{ detail: 'Too much is being sent at once' }, '1']);
  expect((await send(60_000)).status).toBe(200);
  for (const socket of slow) socket.destroy();
  await waitFor(async () => (await send(200_000)).status === 200, { what: 'room again' });
});
