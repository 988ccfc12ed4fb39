import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isComponentError } from '@sluice/contracts';
import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type ConfigOptions, type ConfigSchema, defineConfig, type Fields, field } from '../../src/index.js';

const fields = {
  port: z.number().int().min(1).max(65_535).default(3000),
  logLevel: field(z.enum(['quiet', 'loud']), { default: 'quiet' }),
  verbose: z.boolean().optional(),
  database: {
    url: z.url(),
    poolSize: field(z.number().int().positive(), { default: 10, env: 'POOL_SIZE' }),
  },
  apiKey: field(z.string().min(8), { expects: 'the key from the console' }),
};
const enough = { SHOP_DATABASE_URL: 'postgres://localhost/shop', SHOP_API_KEY: '12345678' };
const shop = (more: Partial<ConfigOptions<typeof fields>> = {}) =>
  defineConfig({ fields, prefix: 'SHOP_', env: enough, ...more });

/** Everything that is wrong, a line each. */
function problemsOf(make: () => unknown): readonly string[] {
  try {
    make();
  } catch (error) {
    if (isComponentError(error) && error.code === 'CONFIG_INVALID') return error.details['problems'] as string[];
    throw error;
  }
  return [];
}

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'sluice.config.json');
  await writeFile(path, text);
  return path;
}

test('defaults, then the file, then values from code, then the environment: the last one that has it wins', async () => {
  const path = await file('{ "$schema": "x", "port": 1, "logLevel": "loud", "database": { "poolSize": 1 } }');
  const config = shop({
    file: path,
    values: { port: 2, database: { poolSize: 2 } },
    env: { ...enough, POOL_SIZE: '3' },
  });
  expect({ ...config, database: { ...config.database } }).toEqual({
    port: 2,
    logLevel: 'loud',
    verbose: undefined,
    database: { url: 'postgres://localhost/shop', poolSize: 3 },
    apiKey: '12345678',
  });
  expect(shop()).toMatchObject({ port: 3000, logLevel: 'quiet', database: { poolSize: 10 } });
});

test('the types are those of the schemas', () => {
  const config = shop();
  expectTypeOf(config.port).toEqualTypeOf<number>();
  expectTypeOf(config.logLevel).toEqualTypeOf<'quiet' | 'loud'>();
  expectTypeOf(config.verbose).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(config.database.poolSize).toEqualTypeOf<number>();
});

test('the text of a variable is what the schema wants: a text, a number, a boolean, a list', () => {
  const config = defineConfig({
    fields: {
      text: z.string(),
      count: z.number(),
      on: z.boolean(),
      list: z.array(z.string()),
      coerced: z.coerce.date(),
    },
    env: { TEXT: '42', COUNT: '42', ON: 'true', LIST: '["a"]', COERCED: '2030-01-01' },
  });
  expect(config).toEqual({ text: '42', count: 42, on: true, list: ['a'], coerced: new Date('2030-01-01') });
});

test('variables are filled in, with defaults, and a dollar can be written', () => {
  const { a, b, c, d, e } = defineConfig({
    fields: { a: z.string(), b: z.string(), c: z.array(z.string()), d: z.string(), e: z.string() },
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what is to be filled in
    values: {
      a: 'http://${HOST}:${PORT:-80}/',
      b: '${EMPTY:-none}',
      c: ['${HOST}'],
      d: '$${HOST} costs $5, $HOST',
      e: '${TWICE}',
    },
    env: { HOST: 'here', EMPTY: '', TWICE: '${HOST}' },
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: what is to be filled in
  });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what is not to be filled in
  expect([a, b, c, d, e]).toEqual(['http://here:80/', 'none', ['here'], '${HOST} costs $5, $HOST', '${HOST}']);
});

test('all problems are told at once, each with where it comes from and what is accepted', async () => {
  const path = await file('{ "port": "many", "prot": 1, "database": { "poolSize": -1, "user": "x" } }');
  const env = { SHOP_LOG_LEVEL: 'deafening', SHOP_PROT: '1' };
  expect(problemsOf(() => shop({ file: path, env }))).toEqual([
    `prot: there is no such option, in ${path}; there are port, logLevel, verbose, database, apiKey`,
    `database.user: there is no such option, in ${path}; there are url, poolSize`,
    'environment variable SHOP_PROT: there is no such option; there are SHOP_PORT, SHOP_LOG_LEVEL, SHOP_VERBOSE, SHOP_DATABASE_URL, POOL_SIZE, SHOP_API_KEY',
    `port: Invalid input: expected number, received string, from ${path}`,
    'logLevel: Invalid option: expected one of "quiet"|"loud", from environment variable SHOP_LOG_LEVEL',
    `database.url: is missing: Invalid input: expected string, received undefined; set environment variable SHOP_DATABASE_URL, or give database.url in ${path}`,
    `database.poolSize: Too small: expected number to be >0, from ${path}`,
    `apiKey: is missing: Invalid input: expected string, received undefined (expected the key from the console); set environment variable SHOP_API_KEY, or give apiKey in ${path}`,
  ]);
});

test('a variable that is missing, or written wrongly, is a problem of its option', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what is to be filled in
  const of = (text: string) =>
    problemsOf(() => defineConfig({ fields: { a: z.string() }, values: { a: text }, env: {} }));
  expect(of('${NOWHERE}')).toEqual(['a: there is no environment variable NOWHERE, from the given values']);
  expect(of('${not a name}')[0]).toContain('a dollar is written $$');
  expect(of('${OPEN')[0]).toContain('a dollar is written $$');
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: what is to be filled in
});

test('a file that is missing is an error unless it is optional, and one that is no JSON is not quoted', async () => {
  const path = await file('{ "apiKey": "tops3cret" ');
  const [problem = ''] = problemsOf(() => shop({ file: path }));
  expect(problem).toContain('is no JSON');
  expect(problem).not.toContain('tops3cret');
  expect(problemsOf(() => shop({ file: '/nowhere.json' }))).toEqual([`/nowhere.json: can't be read (ENOENT)`]);
  expect(problemsOf(() => shop({ file: { path: '/nowhere.json', optional: true } }))).toEqual([]);
});

test('no error shows a secret: by its name, by a password in a URL, by a variable in it, or because it is said', () => {
  const quoting = z.string().refine(() => false, { error: ({ input }) => `not ${String(input)}` });
  const secretFields = {
    password: quoting,
    nested: { accessToken: quoting },
    address: quoting,
    dsn: quoting,
    said: field(quoting, { secret: true }),
    plain: quoting,
  };
  const make = () =>
    defineConfig({
      fields: secretFields,
      values: {
        password: 'hush1',
        nested: { accessToken: 'hush2' },
        address: 'amqp://user:hush3@host',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what is to be filled in
        dsn: 'host=here password=${PG_PASSWORD}',
        said: 'hush5',
        plain: 'shown',
      },
      env: { PG_PASSWORD: 'hush4' },
    });
  const problems = problemsOf(make);
  expect(problems).toHaveLength(6);
  expect(problems.join('\n')).not.toContain('hush');
  expect(problems[0]).toBe('password: is not accepted; as it is a secret, why is not shown, from the given values');
  expect(problems[5]).toBe('plain: not shown, from the given values');
});

test('neither console.log nor JSON shows a secret, and whoever reads it gets it', () => {
  const config = shop({ env: { ...enough, SHOP_DATABASE_URL: 'postgres://shop:hush@localhost/shop' } });
  for (const text of [inspect(config), inspect({ deep: { config } }, { depth: 9 }), JSON.stringify(config)]) {
    expect(text).toContain('[secret]');
    expect(text).not.toMatch(/hush|12345678/);
    expect(text).toContain('3000');
  }
  expect([config.apiKey, config.database.url]).toEqual(['12345678', 'postgres://shop:hush@localhost/shop']);
  expect(Object.isFrozen(config) && Object.isFrozen(config.database)).toBe(true);
});

test('two fields that are read from one variable are refused', () => {
  expect(() => defineConfig({ fields: { aB: z.string(), a_b: z.string() }, env: {} })).toThrow('both read from A_B');
});

test('a field without a variable takes nothing from the environment', () => {
  const inner: Fields = { hidden: field(z.string(), { env: false, default: 'mine' }) };
  expect(defineConfig({ fields: inner, env: { HIDDEN: 'theirs' } })).toEqual({ hidden: 'mine' });
});

test('a schema that answers later, or throws, is a problem and no crash', () => {
  const later = z.string().refine(async () => true);
  const rejects = z.string().transform(() => {
    throw new Error('hush');
  });
  const validate = () => {
    throw new Error('hush');
  };
  const throws: ConfigSchema = { '~standard': { version: 1, vendor: 'test', validate } };
  const problems = problemsOf(() =>
    defineConfig({ fields: { later, rejects, throws }, values: { later: 'a', rejects: 'b' } }),
  );
  expect(problems.map((problem) => problem.split(';', 1)[0])).toEqual([
    'later: its schema threw, or answers with a promise',
    'rejects: its schema threw, or answers with a promise',
    'throws: its schema threw',
  ]);
});

test('keys that JavaScript has everywhere are no options', () => {
  const values = JSON.parse('{ "__proto__": { "port": 1 }, "constructor": 1 }') as Record<string, unknown>;
  expect(problemsOf(() => shop({ values }))).toHaveLength(2);
});

/** A variable as it is written in a text. */
const variable = (inside: string) => `$\{${inside}}`;

test('what objects have by birth is no variable', () => {
  const problems = problemsOf(() =>
    defineConfig({
      fields: { a: z.string(), b: z.string() },
      values: { a: variable('constructor'), b: variable('toString:-x') },
      env: process.env,
    }),
  );
  expect(problems).toEqual([expect.stringContaining('there is no environment variable constructor')]);
  const seen = defineConfig({ fields: { b: z.string() }, values: { b: variable('toString:-x') }, env: process.env });
  expect(seen.b).toBe('x');
});

test('a password with a slash or an @ in it is not shown, and names that people give to secrets are known', () => {
  const quoting = z.string().refine(() => false, { error: ({ input }) => `not good: ${String(input)}` });
  const url = 'postgres://me:hush/hu@sh@db/shop';
  const problems = problemsOf(() =>
    defineConfig({
      fields: {
        database: quoting,
        dbPass: quoting,
        passphrase: quoting,
        pwd: quoting,
        credentials: quoting,
        bypass: quoting,
      },
      values: { database: url, dbPass: 'hush', passphrase: 'hush', pwd: 'hush', credentials: 'hush', bypass: 'shown' },
      env: {},
    }),
  );
  expect(problems.join('\n')).not.toContain('hush');
  expect(problems.join('\n')).toContain('not good: shown');
  const config = defineConfig({ fields: { database: z.string() }, values: { database: url }, env: {} });
  expect(inspect(config) + JSON.stringify(config)).not.toContain('hush');
});

test('a long text is looked through for passwords in no time', () => {
  const text = 'a'.repeat(200_000);
  const config = defineConfig({ fields: { text: z.string() }, values: { text }, env: {} });
  expect(config.text).toBe(text);
});
