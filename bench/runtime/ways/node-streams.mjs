// Node streams in object mode, an array per chunk or an event per chunk: backpressure, nobody knows what is done.
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isWanted, present, summarize } from '../batches.mjs';

export function streamsPerBatch({ frame, count, sink }) {
  let at = 0;
  return pipeline(
    new Readable({
      objectMode: true,
      read() {
        this.push(at === count ? null : frame(at++).events);
      },
    }),
    each((events) => events.map((event) => event.with(summarize(event.data)))),
    each((events) => events.filter((event) => isWanted(event.data))),
    each((events) => events.map((event) => event.with(present(event.data)))),
    into(sink),
  );
}

export function streamsPerEvent({ frame, count, sink }) {
  let at = 0;
  const one = [undefined];
  return pipeline(
    new Readable({
      objectMode: true,
      read() {
        if (at === count) this.push(null);
        else for (const event of frame(at++).events) this.push(event);
      },
    }),
    each((event) => event.with(summarize(event.data))),
    each((event) => (isWanted(event.data) ? event : undefined)),
    each((event) => event.with(present(event.data))),
    into((event) => {
      one[0] = event;
      sink(one);
    }),
  );
}

/** A stream that turns a chunk into another, or drops it. */
function each(step) {
  return new Transform({
    objectMode: true,
    transform(chunk, _encoding, done) {
      done(null, step(chunk));
    },
  });
}

function into(sink) {
  return new Writable({
    objectMode: true,
    write(chunk, _encoding, done) {
      sink(chunk);
      done();
    },
  });
}
