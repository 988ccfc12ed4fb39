import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cached } from '../../src/cache/cache-folder.js';
import {
  obtainService,
  postgresService,
  redisService,
  type Service,
  type ServiceProvider,
  type ServiceWay,
  Unavailable,
} from '../../src/services/index.js';

const variables = ['SLUICE_TEST_SERVICES', 'SLUICE_CACHE_DIR', 'SLUICE_TEST_POSTGRES_URL', 'SLUICE_TEST_REDIS_URL'];
let before: (string | undefined)[] = [];
beforeEach(() => {
  before = variables.map((name) => process.env[name]);
  for (const name of variables) delete process.env[name];
});
afterEach(() => {
  variables.forEach((name, index) => {
    const value = before[index];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  });
});

/** A provider of which the named ways exist. */
function provider(...there: readonly ServiceWay[]): ServiceProvider {
  const way = async (from: ServiceWay): Promise<Service | Unavailable> => {
    if (!there.includes(from)) return new Unavailable(`set up ${from}`);
    const stop = async () => undefined;
    return { url: 'thing://here', from, origin: `taken from ${from}`, stop, [Symbol.asyncDispose]: stop };
  };
  return {
    name: 'Thing',
    fromUrl: () => way('url'),
    fromDocker: () => way('docker'),
    fromRecipe: () => way('recipe'),
  };
}

test('the environment comes before Docker, Docker before the recipe', async () => {
  expect((await obtainService(provider('url', 'docker', 'recipe'))).from).toBe('url');
  expect((await obtainService(provider('docker', 'recipe'))).from).toBe('docker');
  expect((await obtainService(provider('recipe'))).from).toBe('recipe');
});

test('it is said what was taken, and why what comes before was not', async () => {
  const said: string[] = [];
  await obtainService(provider('recipe'), { notice: (message) => said.push(message) });
  expect(said).toEqual(['Thing: taken from recipe; not by url: set up url; not by docker: set up docker']);
});

test('the ways, and their order, can be chosen, also by the environment', async () => {
  const all = provider('url', 'docker', 'recipe');
  expect((await obtainService(all, { ways: ['recipe', 'url'] })).from).toBe('recipe');
  process.env['SLUICE_TEST_SERVICES'] = 'docker, recipe';
  expect((await obtainService(all)).from).toBe('docker');
  await expect(obtainService(all, { ways: ['cloud' as ServiceWay] })).rejects.toMatchObject({
    code: 'OPTIONS_INVALID',
  });
});

test('where no way can be gone, the error says for each what to do', async () => {
  await expect(obtainService(provider())).rejects.toMatchObject({
    code: 'TEST_SERVICE_MISSING',
    message: expect.stringContaining(
      'Thing: not by url: set up url; not by docker: set up docker; not by recipe: set up recipe',
    ),
  });
});

test('a URL that is set and does not work is an error, not a reason to take something else', async () => {
  process.env['SLUICE_TEST_POSTGRES_URL'] = 'postgres://nobody@127.0.0.1:1/none';
  await expect(postgresService({ ways: ['url', 'recipe'] })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an unknown version is refused by name', () => {
  expect(() => postgresService({ version: 9 as 14 })).toThrow(/version: one of 14, 15, 16, 17, 18/);
});

test('a variable that is not set is named', async () => {
  await expect(redisService({ ways: ['url'] })).rejects.toThrow(/SLUICE_TEST_REDIS_URL is not set/);
});

test('the cache keeps what was made whole, once, and nothing of what failed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cache-'));
  process.env['SLUICE_CACHE_DIR'] = folder;
  try {
    await expect(cached('thing', () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
    expect(await readdir(folder)).toEqual([]);
    let made = 0;
    const make = async (making: string) => {
      made += 1;
      await writeFile(join(making, 'file'), 'whole');
    };
    const [one, other] = await Promise.all([cached('thing', make), cached('thing', make)]);
    expect(one).toBe(other);
    expect(await readdir(folder)).toEqual(['thing']);
    const times = made;
    await cached('thing', make);
    expect(made).toBe(times);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
