import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { all, rejection, workplace } from './support/workshop.js';

test('a message goes there and another comes back', async () => {
  const { client } = await workplace({ echo: ({ text }) => ({ text: `${text}, too` }) });
  const answer = await client.echo({ text: 'hello' });
  expect(answer.text).toBe('hello, too');
  expect(answer.$typeName).toBe('workshop.Text');
});

test('many messages come back, in order', async () => {
  const { client } = await workplace();
  const numbers = await all(client.count({ from: 0, to: 1_000 }));
  expect(numbers.map(({ value }) => Number(value))).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
});

test('many messages go there', async () => {
  const { client } = await workplace();
  async function* numbers() {
    for (let value = 1n; value <= 1_000n; value += 1n) yield { value };
  }
  expect((await client.sum(numbers())).value).toBe(500_500n);
});

test('messages go both ways, each answered before the next is sent', async () => {
  const { client } = await workplace();
  let answered: ((text: string) => void) | undefined;
  async function* texts() {
    for (const text of ['a', 'b', 'c']) {
      const answer = new Promise<string>((resolve) => {
        answered = resolve;
      });
      yield { text };
      expect(await answer).toBe(text);
    }
  }
  const heard: string[] = [];
  for await (const { text } of client.chat(texts())) {
    heard.push(text);
    answered?.(text);
  }
  expect(heard).toEqual(['a', 'b', 'c']);
});

test('a server sends no more than the client takes', async () => {
  let sent = 0;
  const { client } = await workplace({
    async *count() {
      for (; sent < 2_000; sent += 1) yield { value: BigInt(sent), padding: new Uint8Array(65_536) };
    },
  });
  const numbers = client.count({})[Symbol.asyncIterator]();
  await numbers.next();
  await settled(() => sent);
  expect(sent).toBeLessThan(500);
  for (let read = 1; read < 1_000; read += 1) await numbers.next();
  expect(sent).toBeGreaterThanOrEqual(999);
  await numbers.return?.();
});

test('a client sends no more than the server takes', async () => {
  let sent = 0;
  let take = (): void => {};
  const { client } = await workplace({
    async sum(numbers) {
      await new Promise<void>((resolve) => {
        take = resolve;
      });
      let value = 0n;
      for await (const _ of numbers) value += 1n;
      return { value };
    },
  });
  async function* numbers() {
    for (; sent < 2_000; sent += 1) yield { value: 1n, padding: new Uint8Array(65_536) };
  }
  const sum = client.sum(numbers(), { deadlineMs: 60_000 });
  await settled(() => sent);
  expect(sent).toBeLessThan(500);
  take();
  expect((await sum).value).toBe(2_000n);
});

test('a client that stops reading ends the stream, and the handler cleans up', async () => {
  let cleaned = false;
  const { client } = await workplace({
    async *count() {
      try {
        for (let value = 0n; ; value += 1n) yield { value };
      } finally {
        cleaned = true;
      }
    },
  });
  for await (const { value } of client.count({})) if (value === 100n) break;
  await waitFor(() => cleaned, { what: 'the generator to be told' });
});

test('a server that has heard enough answers before the client has said everything', async () => {
  const { client } = await workplace({
    async sum(numbers) {
      for await (const { value } of numbers) if (value === 10n) return { value };
      return {};
    },
  });
  let stopped = false;
  async function* numbers() {
    try {
      for (let value = 0n; ; value += 1n) yield { value };
    } finally {
      stopped = true;
    }
  }
  expect((await client.sum(numbers())).value).toBe(10n);
  await waitFor(() => stopped, { what: 'the messages to be told' });
});

test('what the messages throw is what the caller gets, and the server learns that the call is over', async () => {
  let over = false;
  let arrived = (): void => {};
  const broken = new Error('the file could not be read');
  const { client } = await workplace({
    async sum(numbers, call) {
      call.signal.addEventListener('abort', () => {
        over = true;
      });
      for await (const _ of numbers) arrived();
      return {};
    },
    async *chat(texts, call) {
      call.signal.addEventListener('abort', () => {
        over = true;
      });
      for await (const { text } of texts) {
        arrived();
        yield { text };
      }
    },
  });
  async function* messages() {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    yield {};
    await arrival;
    throw broken;
  }
  expect(await rejection(client.sum(messages()))).toBe(broken);
  await waitFor(() => over, { what: 'the server to learn it' });
  over = false;
  expect(await rejection(all(client.chat(messages())))).toBe(broken);
  await waitFor(() => over, { what: 'the server to learn it of the other call' });
});

test('messages that came before an error are all read first', async () => {
  const { client } = await workplace({
    async *count() {
      for (let value = 0n; value < 10n; value += 1n) yield { value };
      throw new Error('enough');
    },
  });
  const seen: bigint[] = [];
  const error = await rejection(
    (async () => {
      for await (const { value } of client.count({})) seen.push(value);
    })(),
  );
  expect(error).toMatchObject({ code: 'GRPC_INTERNAL' });
  expect(seen).toHaveLength(10);
});

/** Resolves when a number has stopped growing. */
async function settled(count: () => number): Promise<void> {
  let last = -1;
  let still = 0;
  await waitFor(
    () => {
      still = count() === last && last > 0 ? still + 1 : 0;
      last = count();
      return still > 20;
    },
    { what: 'the sender to wait' },
  );
}
