import type { StandardSchemaV1 } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  pipeline,
  validateEvents,
} from '../../src/index.js';

async function validated<U>(schema: StandardSchemaV1<unknown, U>, data: readonly (object | null)[]) {
  const source = memorySource<unknown>();
  const sink = memorySink<U>();
  const deadLetters = memoryDeadLetters();
  source.push(...data.map((one) => ({ key: 'a', data: one })));
  source.end();
  await pipeline('validated')
    .from(source)
    .pipe(validateEvents<unknown, U>(schema))
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters })
    .run();
  return { data: sink.events.map((event) => event.data), letters: deadLetters.letters };
}

const order = z.object({
  at: z.coerce.date(),
  currency: z.string().default('EUR'),
  lines: z.array(z.object({ cents: z.int() })),
});

test('data goes on as the schema makes it, and deletions as they are', async () => {
  const { data } = await validated(order, [{ at: '2026-01-02', lines: [] }, null]);
  expect(data).toEqual([{ at: new Date('2026-01-02'), currency: 'EUR', lines: [] }, null]);
});

test('an invalid event becomes a dead letter that names paths and no values', async () => {
  const bad = { at: 'secret', lines: [{ cents: 1 }, { cents: 'secret' }] };
  const { data, letters } = await validated(order, [{ at: 0, lines: [] }, bad]);
  expect(data).toHaveLength(1);
  expect(letters[0]?.cause.code).toBe('EVENT_INVALID');
  expect(letters[0]?.cause.message).toContain('at, lines[1].cents');
  expect(letters[0]?.cause.message).not.toContain('secret');
});

test('a schema that answers with promises is waited for, and the order stays', async () => {
  const slow = z.object({ n: z.number() }).refine(async ({ n }) => {
    await new Promise((resolve) => setTimeout(resolve, n % 3));
    return n !== 4;
  });
  const { data, letters } = await validated(
    slow,
    Array.from({ length: 9 }, (_, n) => ({ n })),
  );
  expect(data).toEqual([0, 1, 2, 3, 5, 6, 7, 8].map((n) => ({ n })));
  expect(letters.map(({ cause }) => cause.code)).toEqual(['EVENT_INVALID']);
});

test('a schema that throws, or rejects, diverts the event alone', async () => {
  const schema = (validate: StandardSchemaV1<unknown, unknown>['~standard']['validate']): StandardSchemaV1 => ({
    '~standard': { version: 1, vendor: 'test', validate },
  });
  const refuse = (value: unknown) => {
    if ((value as { n: number }).n === 1) throw new TypeError('broken');
    return { value };
  };
  for (const one of [schema(refuse), schema(async (value) => refuse(value))]) {
    const { data, letters } = await validated(one, [{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(data).toEqual([{ n: 0 }, { n: 2 }]);
    expect(letters).toHaveLength(1);
  }
});
