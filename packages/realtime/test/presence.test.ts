import { expect, test } from 'vitest';
import type { AttachOptions, HubOptions, Refusal } from '../src/index.js';
import { Roster } from '../src/presence/roster.js';
import { Client, refusal, startHub, until } from './support/rig.js';

/** `?as=ada&channel=x&presence=1`: who, where, and whether it asks who else is there. */
const start = (options: HubOptions = {}, attach: Partial<AttachOptions> = {}) =>
  startHub(
    { presence: { graceMs: 100 }, ...options },
    {
      authenticate: (_, { searchParams }) => ({ subject: searchParams.get('as') ?? '', claims: {} }),
      presence: ({ subject }, channel, _, { searchParams }) =>
        channel.startsWith('quiet') ? null : { info: { name: subject }, watch: searchParams.has('presence') },
      ...attach,
    },
  );

const ids = (members: readonly { id: string }[]) => members.map(({ id }) => id);
const told = (client: Client) =>
  client.received.map((text) => {
    const { type, data } = JSON.parse(text);
    return [type, data.channel, data.members?.map(({ id }: { id: string }) => id) ?? data.member.id];
  });

test('who asks is told who is there, who comes and who goes', async () => {
  const { hub, url } = await start();
  await Client.open(`${url}?channel=x&as=ada`);
  const grace = await Client.open(`${url}?channel=x&as=grace&presence=1`);
  const [state] = (await grace.messages(1)) as [{ data: unknown; timestamp: string }];
  const since = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(state).toEqual({
    type: 'presence.state',
    data: {
      channel: 'x',
      members: [
        { id: 'ada', info: { name: 'ada' }, since },
        { id: 'grace', info: { name: 'grace' }, since },
      ],
      total: 2,
    },
    timestamp: since,
  });
  const alan = await Client.open(`${url}?channel=x&as=alan`);
  await until(() => grace.received.length === 2);
  alan.ws.close();
  await until(() => grace.received.length === 3);
  expect(told(grace).slice(1)).toEqual([
    ['presence.joined', 'x', 'alan'],
    ['presence.left', 'x', 'alan'],
  ]);
  expect(alan.received).toEqual([]);
  expect(ids(hub.presence('x'))).toEqual(['ada', 'grace']);
});

test('a member is there once, however many connections it has, and leaves with the last', async () => {
  const { hub, url } = await start();
  const watcher = await Client.open(`${url}?channel=x&as=watcher&presence=1`);
  const first = await Client.open(`${url}?channel=x&as=ada`);
  const second = await Client.open(`${url}?channel=x&as=ada`);
  first.ws.close();
  await until(() => hub.stats().connections === 2);
  await Client.open(`${url}?channel=x&as=alan`);
  second.ws.close();
  await until(() => told(watcher).at(-1)?.[0] === 'presence.left');
  expect(told(watcher)).toEqual([
    ['presence.state', 'x', ['watcher']],
    ['presence.joined', 'x', 'ada'],
    ['presence.joined', 'x', 'alan'],
    ['presence.left', 'x', 'ada'],
  ]);
});

test('who comes back within the grace has never left', async () => {
  const { hub, url } = await start({ presence: { graceMs: 1_000 } });
  const watcher = await Client.open(`${url}?channel=x&as=watcher&presence=1`);
  for (let n = 0; n < 3; n++) {
    const ada = await Client.open(`${url}?channel=x&as=ada`);
    ada.ws.close();
    await until(() => hub.stats().connections === 1);
  }
  await Client.open(`${url}?channel=x&as=ada`);
  const alan = await Client.open(`${url}?channel=x&as=alan`);
  alan.ws.close();
  // His grace began after all of hers: when it is over, theirs are too.
  await until(() => told(watcher).some(([type]) => type === 'presence.left'));
  expect(told(watcher).slice(1)).toEqual([
    ['presence.joined', 'x', 'ada'],
    ['presence.joined', 'x', 'alan'],
    ['presence.left', 'x', 'alan'],
  ]);
  expect(ids(hub.presence('x'))).toEqual(['watcher', 'ada']);
});

test('a grace that began before somebody came back does not end the next one', () => {
  const roster = new Roster('x', 10);
  const entry = { id: 'ada', info: null, watch: false };
  const connection = {} as never;
  roster.join(connection, entry);
  const first = roster.leave(connection, 'ada');
  roster.join(connection, entry);
  const second = roster.leave(connection, 'ada');
  first?.();
  expect(ids(roster.members())).toEqual(['ada']);
  second?.();
  expect(ids(roster.members())).toEqual([]);
});

test('channels know of their own members, and those without presence of none', async () => {
  const { hub, url } = await start();
  const ada = await Client.open(`${url}?channel=x&channel=y&channel=quiet&as=ada&presence=1`);
  await Client.open(`${url}?channel=y&channel=quiet&as=grace`);
  await until(() => ada.received.length === 3);
  expect(told(ada)).toEqual([
    ['presence.state', 'x', ['ada']],
    ['presence.state', 'y', ['ada']],
    ['presence.joined', 'y', 'grace'],
  ]);
  expect(['x', 'y', 'quiet', 'nowhere'].map((channel) => ids(hub.presence(channel)))).toEqual([
    ['ada'],
    ['ada', 'grace'],
    [],
    [],
  ]);
});

test('a crowd is listed up to the limit, and counted in full', async () => {
  const { url } = await start({ presence: { maxListed: 2 } });
  for (const name of ['a', 'b', 'c']) await Client.open(`${url}?channel=x&as=${name}`);
  const watcher = await Client.open(`${url}?channel=x&as=d&presence=1`);
  expect(await watcher.messages(1)).toMatchObject([{ data: { total: 4, members: [{ id: 'a' }, { id: 'b' }] } }]);
});

test.each([
  ['larger than the limit', 'x'.repeat(1_100)],
  ['without a JSON form', 1n],
])('a member whose info is %s is refused, and the server learns why', async (_, info) => {
  const refusals: Refusal[] = [];
  const { hub, url } = await start({}, { presence: () => ({ info }), onRefused: (refused) => refusals.push(refused) });
  expect(await refusal(`${url}?channel=x&as=ada`)).toBe(500);
  expect(refusals[0]?.error).toMatchObject({ code: 'REALTIME_PRESENCE_INFO' });
  expect(hub.presence('x')).toEqual([]);
});

test('a channel that everybody has left is forgotten, and closing the hub leaves no timer', async () => {
  const { hub, url } = await start({ presence: { graceMs: 50 } });
  const ada = await Client.open(`${url}?channel=x&as=ada`);
  ada.ws.close();
  await until(() => hub.presence('x').length === 0);
  await Client.open(`${url}?channel=x&as=ada`);
  await hub.close();
  expect(hub.presence('x')).toEqual([]);
});

test('presence without authenticate is refused at construction', async () => {
  await expect(startHub({}, { presence: () => ({}) })).rejects.toThrow(/^OPTIONS_INVALID: presence/);
});
