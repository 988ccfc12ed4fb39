import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { trackResources, waitFor } from '../../src/index.js';
import { faultProxy } from '../../src/proxy/index.js';
import { echo } from './echo-server.js';

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('without faults every byte passes, in order, and is counted; the end passes too', async () => {
  await using line = await echo();
  const client = await line.client();
  const sent = randomBytes(3_000_000);
  client.socket.end(sent);
  expect(sha(await client.received(sent.length))).toBe(sha(sent));
  expect(await client.over()).toBe('end');
  expect([line.proxy.up.bytes, line.proxy.down.bytes]).toEqual([sent.length, sent.length]);
  await waitFor(() => line.proxy.connections.length === 0, { what: 'the connection to be gone' });
  expect(line.proxy.accepted).toBe(1);
});

test('latency: bytes come later, in their order, and switching it off frees what is under way', async () => {
  await using line = await echo({ up: { latencyMs: 40, jitterMs: 30 } });
  const client = await line.client();
  const startedAt = performance.now();
  for (let i = 0; i < 50; i++) client.socket.write(`${String(i).padStart(3, '0')},`);
  const text = (await client.received(200)).toString();
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
  expect(text).toBe(Array.from({ length: 50 }, (_, i) => `${String(i).padStart(3, '0')},`).join(''));

  line.proxy.up.set({ latencyMs: 3_600_000 });
  client.socket.write('late');
  await waitFor(() => line.served[0]?.bytesRead === 200, { what: 'the server to have the first bytes only' });
  line.proxy.up.clear();
  expect((await client.received(204)).toString()).toContain('late');
});

test('bandwidth: so many bytes take their time', async () => {
  await using line = await echo({ down: { bytesPerSecond: 100_000 } });
  const client = await line.client();
  const startedAt = performance.now();
  client.socket.write(randomBytes(30_000));
  await client.received(30_000);
  // The last of the pieces need not be waited for.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(240);
});

test('reset: both sides see an RST', async () => {
  await using line = await echo();
  const client = await line.client();
  client.socket.write('hello');
  await client.received(5);
  const server = line.served[0];
  const errors: string[] = [];
  server?.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
  line.proxy.reset();
  expect(await client.over()).toBe('ECONNRESET');
  await waitFor(() => errors.length > 0, { what: 'the server to see it' });
  expect(errors).toEqual(['ECONNRESET']);
});

test('an RST of the target reaches the client as one, and a target that is not there resets', async () => {
  await using line = await echo();
  const client = await line.client();
  client.socket.write('hello');
  await client.received(5);
  line.served[0]?.resetAndDestroy();
  expect(await client.over()).toBe('ECONNRESET');

  await using nowhere = await faultProxy({ target: { host: '127.0.0.1', port: 1 } });
  await using other = await echo({ target: { host: '127.0.0.1', port: nowhere.port } });
  const refused = await other.client();
  expect(await refused.over()).toBe('ECONNRESET');
});

test('half-open: nothing arrives, the end does not either, and the sockets stay open, also after the fault is gone', async () => {
  await using line = await echo();
  const client = await line.client();
  client.socket.write('hello');
  await client.received(5);
  line.proxy.down.set({ halfOpen: true });
  client.socket.write('lost');
  await waitFor(() => line.served[0]?.bytesRead === 9, { what: 'the server to have it' });
  line.served[0]?.destroy();
  await waitFor(() => line.served[0]?.closed, { what: 'the server to have closed' });
  // What came to the proxy before these bytes has been read by it when they have passed.
  const later = await line.client();
  later.socket.write('later');
  await waitFor(() => line.served[1]?.bytesRead === 5, { what: 'the proxy to have read what came before' });
  line.proxy.down.clear();
  const second = await line.client();
  second.socket.write('works');
  expect((await second.received(5)).toString()).toBe('works');
  expect([client.bytes.toString(), client.ended, client.socket.destroyed]).toEqual(['hello', undefined, false]);
});

test('a swallowed end: the bytes arrive, the FIN does not', async () => {
  await using line = await echo({ up: { swallowEnd: true } });
  const client = await line.client();
  client.socket.end('all of it');
  expect((await client.received(9)).toString()).toBe('all of it');
  await waitFor(() => line.proxy.connections[0]?.bytesDown === 9, { what: 'the answer to be counted' });
  expect([line.served[0]?.readableEnded, client.ended]).toEqual([false, undefined]);
});

test('refused: new connections get ECONNREFUSED, open ones go on; accepted again on the same port', async () => {
  await using line = await echo();
  const client = await line.client();
  line.proxy.refuse();
  await expect(line.client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  client.socket.write('still here');
  await client.received(10);
  await line.proxy.accept();
  const again = await line.client();
  again.socket.write('back');
  await again.received(4);
});

test.each([1, 7])('split into segments of at most %i bytes: the same bytes, in many pieces', async (splitBytes) => {
  await using line = await echo({ down: { splitBytes } });
  const client = await line.client();
  const sent = randomBytes(4_000);
  client.socket.write(sent);
  expect(sha(await client.received(sent.length))).toBe(sha(sent));
  // The receiving kernel may join some.
  expect(client.chunks.length).toBeGreaterThan(50);
});

test('corrupt at an offset: that byte alone is inverted, on each connection', async () => {
  await using line = await echo({ down: { corrupt: { at: 3 } } });
  for (let i = 0; i < 2; i++) {
    const client = await line.client();
    client.socket.write(Buffer.from([0, 1, 2, 3, 4, 5]));
    expect([...(await client.received(6))]).toEqual([0, 1, 2, 252, 4, 5]);
  }
});

test('corrupt with a probability: as often as said, and the same bytes for the same seed, however they were cut', async () => {
  const hits = async (seed: number, splitBytes: number) => {
    await using line = await echo({ seed, down: { corrupt: { probability: 0.01 }, splitBytes } });
    const client = await line.client();
    client.socket.write(Buffer.alloc(20_000));
    return [...(await client.received(20_000)).entries()].filter(([, byte]) => byte !== 0).map(([index]) => index);
  };
  const first = await hits(7, 1_000);
  expect(first.length).toBeGreaterThan(100);
  expect(first.length).toBeLessThan(400);
  expect(await hits(7, 313)).toEqual(first);
  expect(await hits(8, 1_000)).not.toEqual(first);
});

test('cut after so many bytes by FIN: exactly those arrive', async () => {
  await using line = await echo({ down: { cutAfter: { bytes: 1_234, by: 'end' } } });
  const client = await line.client();
  client.socket.write(randomBytes(50_000));
  expect(await client.over()).toBe('end');
  expect([client.bytes.length, line.proxy.down.bytes]).toEqual([1_234, 1_234]);
});

test('cut after so many bytes by RST: not one more is forwarded, and both sides are gone', async () => {
  await using line = await echo({ down: { cutAfter: { bytes: 1_234, by: 'reset' } } });
  const client = await line.client();
  client.socket.write(randomBytes(50_000));
  // Node reports an RST that arrives together with data as an end.
  expect(['ECONNRESET', 'end']).toContain(await client.over());
  expect(client.bytes.length).toBeLessThanOrEqual(1_234);
  expect(line.proxy.down.bytes).toBe(1_234);
  await waitFor(() => line.served[0]?.destroyed, { what: 'the server to see it' });
});

test('paused: the sender is held back with bounded memory, and nothing is lost', async () => {
  await using line = await echo({ bufferBytes: 10_000 });
  const client = await line.client();
  line.proxy.up.set({ paused: true });
  const sent = randomBytes(30_000_000);
  let taken = false;
  client.socket.write(sent, () => {
    taken = true;
  });
  await waitFor(() => client.socket.bytesWritten > 0, { what: 'the client to write' });
  const before = process.memoryUsage().arrayBuffers;
  const second = await line.client();
  second.socket.write('also held');
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBe(false);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  expect(line.proxy.up.bytes).toBe(0);
  line.proxy.up.clear();
  expect(sha(await client.received(sent.length))).toBe(sha(sent));
  expect((await second.received(9)).toString()).toBe('also held');
});

test('a receiver that does not read holds the sender back', async () => {
  await using line = await echo({ bufferBytes: 10_000 });
  const client = await line.client();
  client.socket.pause();
  const sent = randomBytes(40_000_000);
  let taken = false;
  client.socket.write(sent, () => {
    taken = true;
  });
  let last = 0;
  let same = 0;
  await waitFor(
    () => {
      same = line.proxy.up.bytes === last && last > 0 ? same + 1 : 0;
      last = line.proxy.up.bytes;
      return same === 10;
    },
    { what: 'the line to be full', timeoutMs: 30_000 },
  );
  // What was not forwarded is still with the sender, but for the buffers on the way.
  expect(taken).toBe(false);
  expect(line.proxy.up.bytes).toBeLessThan(sent.length);
  client.socket.resume();
  expect(sha(await client.received(sent.length))).toBe(sha(sent));
}, 60_000);

test('one connection can be reset or ended alone; healing takes all faults away', async () => {
  await using line = await echo({ up: { halfOpen: true }, down: { paused: true } });
  const [first, second] = [await line.client(), await line.client()];
  await waitFor(() => line.proxy.connections.length === 2, { what: 'both connections' });
  line.proxy.connections[0]?.reset();
  expect(await first.over()).toBe('ECONNRESET');
  line.proxy.refuse();
  await line.proxy.heal();
  second.socket.write('healed');
  await second.received(6);
  line.proxy.connections[0]?.end();
  expect(await second.over()).toBe('end');
  expect([line.proxy.up.faults, line.proxy.down.faults]).toEqual([{}, {}]);
});

test('stopping leaves nothing open, whatever the faults are', async () => {
  using tracker = trackResources();
  for (const down of [{ paused: true }, { halfOpen: true }, { latencyMs: 3_600_000 }, { bytesPerSecond: 1 }]) {
    await using line = await echo({ down });
    const client = await line.client();
    client.socket.write('hello');
    await waitFor(() => line.served[0]?.bytesRead === 5, { what: 'the server to have it' });
  }
  await tracker.assertNoLeaks();
});

test('options are refused by name', async () => {
  const target = { host: '127.0.0.1', port: 5432 };
  const refused = (options: object) => expect(faultProxy({ target, ...options })).rejects;
  await refused({ seed: -1 }).toThrow(/seed/);
  await refused({ bufferBytes: 0 }).toThrow(/bufferBytes/);
  await refused({ target: { host: 'x', port: 0 } }).toThrow(/target\.port/);
  await refused({ up: { latency: 3 } }).toThrow(/faults\.latency: unknown/);
  await refused({ up: { latencyMs: Number.NaN } }).toThrow(/faults\.latencyMs/);
  await refused({ down: { corrupt: { probability: 2 } } }).toThrow(/faults\.corrupt\.probability/);
  await refused({ down: { cutAfter: { bytes: 1, by: 'magic' } } }).toThrow(/faults\.cutAfter\.by/);
});

test('through() changes host and port of a URL and nothing else', async () => {
  await using proxy = await faultProxy({ target: { host: 'db.example', port: 5432 } });
  expect(proxy.through('postgres://me:s%40cret@db.example:5432/shop?sslmode=require')).toBe(
    `postgres://me:s%40cret@127.0.0.1:${proxy.port}/shop?sslmode=require`,
  );
});
