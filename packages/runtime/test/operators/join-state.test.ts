import { Envelope, type EventOrigin } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  joinState,
  memoryCheckpoints,
  memoryDeadLetters,
  memorySink,
  memorySource,
  memoryState,
  pipeline,
  stateTable,
} from '../../src/index.js';

vi.setConfig({ testTimeout: 60_000 });

interface Customer {
  readonly name: string;
}
interface Order {
  readonly customer: string;
}

const scope = 'customers';

async function run(
  customers: readonly (readonly [string, Customer | null])[],
  orders: readonly (Order | null)[],
  missing?: 'divert',
) {
  const store = memoryState();
  const [table, stream] = [memorySource<Customer>(), memorySource<Order>()];
  table.push(...customers.map(([key, data]) => ({ key, data })));
  stream.push(...orders.map((data) => ({ key: 'order', data })));
  table.end();
  stream.end();
  await pipeline('customers').from(table).to(stateTable({ store, scope }), { checkpoints: memoryCheckpoints() }).run();
  const sink = memorySink<string>();
  const deadLetters = memoryDeadLetters();
  await pipeline('orders')
    .from(stream)
    .pipe(
      joinState<Order, Customer, string>({
        store,
        scope,
        key: ({ data }) => data?.customer,
        join: (_, row) => row?.name ?? 'nobody',
        ...(missing ? { missing } : {}),
      }),
    )
    .to(sink, { checkpoints: memoryCheckpoints(), deadLetters })
    .run();
  return { data: sink.events.map((event) => event.data), codes: deadLetters.letters.map(({ cause }) => cause.code) };
}

test('each event finds the newest row of its key, and null where there is none', async () => {
  const key = fc.constantFrom('a', 'b', '__proto__', 'constructor');
  const change = fc.tuple(key, fc.option(fc.string().map((name) => ({ name }))));
  await fc.assert(
    fc.asyncProperty(fc.array(change), fc.array(key), async (customers, wanted) => {
      const rows = new Map(customers);
      const { data } = await run(
        customers,
        wanted.map((customer) => ({ customer })),
      );
      expect(data).toEqual(wanted.map((one) => rows.get(one)?.name ?? 'nobody'));
    }),
    { numRuns: 25 },
  );
});

test('an event without a row is a dead letter where the option says so, and deletions pass', async () => {
  const { data, codes } = await run([['a', { name: 'Ada' }]], [{ customer: 'a' }, { customer: 'b' }, null], 'divert');
  expect(data).toEqual(['Ada', null]);
  expect(codes).toEqual(['EVENT_JOIN_MISSING']);
});

const origin = (epoch: string): EventOrigin => ({
  source: '/rows',
  type: () => 'row',
  id: (ordinal) => String(ordinal),
  key: (_, record) => (record as { key?: string }).key,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch, value: BigInt(ordinal) }),
  headers: () => ({}),
});
const row = (version: number, data: Customer | null, epoch = '1', key: string | undefined = 'a') =>
  new Envelope(data, origin(epoch), version, key === undefined ? {} : { key });

async function write(options: { adopt?: boolean }, ...batches: Envelope<Customer>[][]) {
  const store = memoryState();
  const signal = new AbortController().signal;
  const session = await stateTable<Customer>({ store, scope, ...options }).open({ pipeline: 'p', signal, notice() {} });
  for (const batch of batches) await session.write(batch, { checkpoints: [], attempt: 0, signal });
  return (await store.read(scope, ['a'])).get('a')?.value as { row: unknown } | undefined;
}

test('an event again, or an older one, changes nothing in a table of state, not even after the row is gone', async () => {
  const [one, two, gone] = [row(1, { name: 'one' }), row(2, { name: 'two' }), row(3, null)];
  expect((await write({}, [one, two], [one]))?.row).toEqual({ name: 'two' });
  expect((await write({}, [two, one]))?.row).toEqual({ name: 'two' });
  expect((await write({}, [one], [gone], [two]))?.row).toBeNull();
});

test('rows of another history are refused until they are adopted', async () => {
  const batches = [[row(9, { name: 'old' })], [row(1, { name: 'new' }, '2')]];
  await expect(write({}, ...batches)).rejects.toMatchObject({ code: 'STATE_EPOCH_CHANGED', retry: 'operator' });
  expect((await write({ adopt: true }, ...batches))?.row).toEqual({ name: 'new' });
});

test('an event without a key is named, and the others are kept', async () => {
  const bad = new Envelope<Customer>({ name: 'x' }, origin('1'), 2, {});
  await expect(write({}, [row(1, { name: 'one' }), bad])).rejects.toMatchObject({
    code: 'SINK_BATCH_FAILED',
    failures: new Map([[1, expect.objectContaining({ code: 'EVENT_KEY_MISSING' })]]),
  });
});
