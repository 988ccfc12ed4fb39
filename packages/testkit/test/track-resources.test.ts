import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { trackResources } from '../src/index.js';

test('a timer, and a server, left open are named with the place where they were opened', async () => {
  using tracker = trackResources();
  const timer = setInterval(() => undefined, 60_000);
  const server = createServer().listen(0, '127.0.0.1');
  await expect(tracker.assertNoLeaks({ timeoutMs: 50 })).rejects.toThrow(/Timeout opened .*track-resources\.test/s);
  await expect(tracker.assertNoLeaks({ timeoutMs: 50 })).rejects.toThrow(/TCPSERVERWRAP opened/);
  clearInterval(timer);
  server.close();
  await tracker.assertNoLeaks();
});

test('what was open before, and what keeps no process alive, does not count', async () => {
  const before = setInterval(() => undefined, 60_000);
  using tracker = trackResources();
  const idle = setInterval(() => undefined, 60_000).unref();
  await tracker.assertNoLeaks({ timeoutMs: 50 });
  clearInterval(before);
  clearInterval(idle);
});
