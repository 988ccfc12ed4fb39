// RxJS alone, an array per notification or an event per notification: no credits, nobody knows what is done.
import { filter, map, Subject } from 'rxjs';
import { isWanted, present, summarize } from '../batches.mjs';

export async function rxjsPerBatch({ frame, count, sink }) {
  const input = new Subject();
  input
    .pipe(
      map((events) => events.map((event) => event.with(summarize(event.data)))),
      map((events) => events.filter((event) => isWanted(event.data))),
      map((events) => events.map((event) => event.with(present(event.data)))),
    )
    .subscribe(sink);
  for (let at = 0; at < count; at += 1) input.next(frame(at).events);
}

export async function rxjsPerEvent({ frame, count, sink }) {
  const input = new Subject();
  const one = [undefined];
  input
    .pipe(
      map((event) => event.with(summarize(event.data))),
      filter((event) => isWanted(event.data)),
      map((event) => event.with(present(event.data))),
    )
    .subscribe((event) => {
      one[0] = event;
      sink(one);
    });
  for (let at = 0; at < count; at += 1) for (const event of frame(at).events) input.next(event);
}
