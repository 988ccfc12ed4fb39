import { getHeapStatistics } from 'node:v8';
import { trackResources, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { StatusError } from '../src/index.js';
import { all, rejection, workplace } from './support/workshop.js';

test('thousands of calls of every kind and end leave nothing behind', { timeout: 120_000 }, async () => {
  using resources = trackResources();
  const { server, client } = await workplace({
    change: ({ text }) => {
      if (text === 'never') return new Promise(() => {});
      throw new StatusError('NOT_FOUND', 'no');
    },
  });
  const signal = new AbortController().signal;
  async function* numbers() {
    for (let value = 0n; value < 5n; value += 1n) yield { value };
  }
  async function* texts() {
    for (const text of ['a', 'b']) yield { text };
  }
  const round = async () => {
    await Promise.all([
      ...Array.from({ length: 50 }, () => client.echo({ text: 'x' }, { signal })),
      ...Array.from({ length: 10 }, () => rejection(client.change({}, { signal }))),
      ...Array.from({ length: 10 }, () => all(client.count({ from: 0, to: 5 }, { signal }))),
      ...Array.from({ length: 10 }, () => client.sum(numbers(), { signal })),
      ...Array.from({ length: 10 }, () => all(client.chat(texts(), { signal }))),
      ...Array.from({ length: 10 }, async () => {
        for await (const _ of client.count({ from: 0, to: 1_000 }, { signal })) break;
      }),
    ]);
  };
  for (let rounds = 0; rounds < 5; rounds += 1) await round();
  const before = await heap();
  for (let rounds = 0; rounds < 30; rounds += 1) await round();
  // 3,000 calls: 5 MB would be 1.7 KB for each.
  expect((await heap()) - before).toBeLessThan(5_000_000);
  client.close();
  expect(await server.drain()).toEqual({ givenUp: 0, stillRunning: 0 });
  // The tracker holds sessions of HTTP/2 itself, which end when their memory is collected: their sockets tell whether they did.
  const counts = (opener: string) => !/node_modules\/vitest|@vitest|transport\.js|by Node/.test(opener);
  await resources.assertNoLeaks({ timeoutMs: 20_000, counts });
  await waitFor(() => !process.getActiveResourcesInfo().some((kind) => kind.startsWith('TCP')), {
    what: 'every socket to be closed',
    timeoutMs: 20_000,
  });
});

async function heap(): Promise<number> {
  if (globalThis.gc === undefined) {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;
  }
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  return getHeapStatistics().used_heap_size;
}
