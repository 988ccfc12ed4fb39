import { ComponentError } from '@sluice/contracts';
import { waitFor } from '@sluice/testkit';
import { map } from 'rxjs';
import { expect, test } from 'vitest';
import { mapEvents, pipeline } from '../src/index.js';
import { type Numbered, numbered } from './support/events.js';
import { poisoned, refusingSink } from './support/refusing-sink.js';
import { at, type Data, given, ns, open, running } from './support/replaying.js';
import { batches } from './support/scripted-source.js';

test('a letter of a stage that there is no more waits again, and says so', async () => {
  const { source, deadLetters, from, to } = given();
  const fail = mapEvents((): Data => {
    throw new Error('bad');
  });
  const sink = refusingSink<Data>(() => undefined);
  const pipe = from.pipe(fail).to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1));
    await pipe.caughtUp();
  });
  const other = from.to(sink, to);
  await running(other, async () => {
    await other.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'DEAD_LETTER_STAGE_UNKNOWN', { what: 'the answer' });
    await waitFor(async () => (await other.deadLetters.list({ status: 'waiting' })).length === 2, {
      what: 'both to wait',
    });
  });
});

test('what one replayed letter became fails: the letter waits again', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(({ data }) => (data?.n === 10 ? poisoned() : undefined));
  const pipe = from
    .pipe(
      mapEvents((data: Data) => {
        if (bad) throw new Error('bad');
        return { ...data, n: 10 };
      }),
    )
    .to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0));
    await pipe.caughtUp();
    bad = false;
    await pipe.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'TEST_POISON', { what: 'the failure' });
    expect(deadLetters.letters).toMatchObject([{ status: 'waiting', attempts: 2, stage: 'stage 1 (mapEvents)' }]);
  });
});

test('letters of a lane that another instance holds are left to it', async () => {
  const { deadLetters, to } = given({ onFailure: 'skip' });
  const { checkpoints } = to;
  const sink = refusingSink<Numbered>(() => undefined);
  await checkpoints?.acquire('test', 'refusing', 'elsewhere', 'another');
  const event = numbered('elsewhere', 0);
  const letter = { pipeline: 'test', sink: 'refusing', position: { resume: '', within: 0 }, stage: 'sink refusing' };
  const more = { cause: { code: 'X', message: 'x' }, attempts: 1, at: new Date(), parked: false };
  await deadLetters.put([{ ...letter, ...more, lane: 'elsewhere', event }]);
  const pipe = pipeline('test').from(batches(1, 1)).to(sink, to);
  await running(pipe, async () => {
    await pipe.deadLetters.request();
    await waitFor(() => sink.taken.length === 1, { what: 'the event of its own lane' });
    await deadLetters.put([{ ...letter, ...more, lane: 'ended', event: event.with(event.data, { idSuffix: 'x' }) }]);
    await pipe.deadLetters.request();
    await waitFor(() => sink.taken.length === 2, { what: 'the letter of a lane that nobody holds' });
  });
  expect((await open(deadLetters)).map(({ lane }) => lane)).toEqual(['elsewhere']);
});

test('a replayed letter that breaks the chain of stages waits again, and the pipeline goes on without it', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(() => undefined);
  const first = mapEvents((data: Data) => {
    if (bad && data.n === 0) throw new Error('bad');
    return data;
  });
  const pipe = from
    .pipe(
      first,
      map((delivery) => {
        if (delivery.events.some(({ data }) => data?.n === 0)) throw new Error('broken');
        return delivery;
      }),
    )
    .to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1));
    await pipe.caughtUp();
    bad = false;
    await pipe.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'PIPELINE_STAGE_FAILED', { what: 'the failure' });
    expect(deadLetters.letters[0]).toMatchObject({ status: 'waiting', attempts: 2 });
    source.push(...at('a', 2));
    await pipe.caughtUp();
    expect(ns(sink.taken)).toEqual([1, 2]);
    expect(pipe.report().counters.generations).toBe(2);
  });
});

test('a replayed letter that needs a person does not end the pipeline', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(({ data }) => {
    if (!bad) throw new ComponentError('TEST_OPERATOR', 'a person must act', { retry: 'operator' });
    return data?.n === 0 ? poisoned() : undefined;
  });
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0, 1));
    await pipe.caughtUp();
    bad = false;
    await pipe.deadLetters.request();
    await waitFor(() => deadLetters.letters[0]?.cause.code === 'TEST_OPERATOR', { what: 'the failure' });
    expect(deadLetters.letters[0]?.status).toBe('waiting');
    expect(pipe.state).toBe('running');
  });
});

test('letters that are on their way when a drain ends stay requested, and the report says so', async () => {
  const { source, deadLetters, from, to } = given({ onFailure: 'skip' });
  let bad = true;
  const sink = refusingSink<Data>(() => (bad ? poisoned() : undefined));
  const pipe = from.to(sink, to);
  await running(pipe, async () => {
    source.push(...at('a', 0));
    await pipe.caughtUp();
  });
  bad = false;
  const hung = { ...sink, open: async () => ({ ...(await sink.open({} as never)), write: hang }) };
  const stuck = from.to(hung, to);
  const ended = stuck.run();
  await stuck.deadLetters.request();
  await waitFor(() => stuck.report().stages.at(-1)?.held === 1, { what: 'the replay' });
  expect(await stuck.drain({ timeoutMs: 20 })).toMatchObject({
    complete: false,
    givenUp: new Map([['dead letters', 1]]),
  });
  await ended;
  expect(deadLetters.letters[0]?.status).toBe('requested');
});

const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
