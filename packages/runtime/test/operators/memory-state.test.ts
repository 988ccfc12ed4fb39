import { expect, test } from 'vitest';
import { memoryState } from '../../src/index.js';

test('a write is all or nothing, and needs the revisions that were read', async () => {
  const state = memoryState();
  expect(await state.write('s', { writes: [{ key: 'a', value: 1, expected: 0n }], seen: ['x'] })).toBe('written');
  const { revision } = (await state.read('s', ['a'])).get('a') ?? { revision: 0n };
  const writes = [
    { key: 'b', value: 2, expected: 0n },
    { key: 'a', value: 3, expected: revision + 1n },
  ];
  expect(await state.write('s', { writes, seen: ['y'] })).toBe('conflict');
  expect(await state.scan('s')).toEqual([{ key: 'a', entry: { value: 1, revision } }]);
  expect(await state.seen('s', ['x', 'y'])).toEqual(new Set(['x']));
});

test('a key that is removed and made anew does not get an old revision', async () => {
  const state = memoryState();
  const revisionOf = async () => (await state.read('s', ['a'])).get('a')?.revision ?? 0n;
  await state.write('s', { writes: [{ key: 'a', value: 1, expected: 0n }] });
  const old = await revisionOf();
  await state.write('s', { writes: [{ key: 'a', value: undefined, expected: old }] });
  await state.write('s', { writes: [{ key: 'a', value: 1, expected: 0n }] });
  expect(await revisionOf()).toBeGreaterThan(old);
});

test('scopes are apart, and keys are scanned in the order of their code units', async () => {
  const state = memoryState();
  const keys = ['b', 'a', '__proto__', 'Z', 'é', ''];
  await state.write('s', { writes: keys.map((key) => ({ key, value: key, expected: 0n })) });
  await state.write('other', { writes: [{ key: 'a', value: 0, expected: 0n }] });
  const scanned = await state.scan('s');
  expect(scanned.map(({ key }) => key)).toEqual(['', 'Z', '__proto__', 'a', 'b', 'é']);
  const page = await state.scan('s', { after: 'Z', limit: 2 });
  expect(page.map(({ entry }) => entry.value)).toEqual(['__proto__', 'a']);
});

test('what is kept is not what was given or is handed out', async () => {
  const state = memoryState();
  const value = { list: [1] };
  await state.write('s', { writes: [{ key: 'a', value, expected: 0n }] });
  value.list.push(2);
  const got = (await state.read('s', ['a'])).get('a')?.value as { list: number[] };
  got.list.push(3);
  expect((await state.read('s', ['a'])).get('a')?.value).toEqual({ list: [1] });
});

test('ids are forgotten by the time at which they were put there', async () => {
  const state = memoryState();
  await state.write('s', { writes: [], seen: ['a', 'b'] });
  expect(await state.forget('s', new Date(Date.now() - 60_000))).toBe(0);
  expect(await state.forget('s', new Date(Date.now() + 60_000))).toBe(2);
  expect(await state.seen('s', ['a', 'b'])).toEqual(new Set());
});

test('above its capacity it refuses, and what makes nothing larger is let through', async () => {
  const state = memoryState({ capacity: 2 });
  await state.write('s', { writes: [{ key: 'a', value: 1, expected: 0n }], seen: ['x'] });
  await expect(state.write('s', { writes: [], seen: ['y'] })).rejects.toMatchObject({ code: 'MEMORY_FULL' });
  const { revision = 0n } = (await state.read('s', ['a'])).get('a') ?? {};
  expect(await state.write('s', { writes: [{ key: 'a', value: 2, expected: revision }], seen: ['x'] })).toBe('written');
});

test('a key of more than 10,000 characters is refused', async () => {
  const write = { key: 'k'.repeat(10_001), value: 1, expected: 0n };
  await expect(memoryState().write('s', { writes: [write] })).rejects.toMatchObject({ code: 'STATE_KEY_TOO_LONG' });
});
