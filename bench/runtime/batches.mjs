// What every way is given: the same batches of envelopes, and the same three steps over them.
import { Envelope } from '@sluice/contracts';

/** Batches that are made beforehand and given again and again; so that making them is not measured. */
const RING = 64;

const origin = {
  source: 'bench',
  type: () => 'bench.event',
  id: (ordinal) => `bench-${ordinal}`,
  key: (ordinal) => `${ordinal}`,
  time: () => new Date(0),
  version: (ordinal) => ({ epoch: 'bench', value: BigInt(ordinal) }),
  headers: () => ({}),
};

/**
 * Answers with a function that gives batch number `at` as a source's frame. To make the frame and its position is the
 * source's work: every way is given it alike.
 */
export function frames(size) {
  const ring = Array.from({ length: RING }, (_, batch) =>
    Array.from({ length: size }, (_, at) => {
      const ordinal = batch * size + at;
      return new Envelope({ id: ordinal, title: `Agreement ${ordinal}`, status: 'signed' }, origin, ordinal);
    }),
  );
  return (at) => ({
    kind: 'batch',
    events: ring[at % RING],
    bytes: size * 200,
    position: { resume: String(at).padStart(16, '0'), within: 0 },
  });
}

/** Step 1: data to other data. */
export const summarize = (data) => ({ id: data.id, text: data.title, status: data.status });
/** Step 2: all of them pass. */
export const isWanted = (data) => data.status !== 'draft';
/** Step 3: data to other data again. */
export const present = (data) => ({ key: data.id, text: data.text });
