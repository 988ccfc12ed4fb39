// The measure of all others: three loops over each batch, nothing else.
import { isWanted, present, summarize } from '../batches.mjs';

export async function plainLoop({ frame, count, sink }) {
  for (let at = 0; at < count; at += 1) {
    const summaries = frame(at).events.map((event) => event.with(summarize(event.data)));
    const wanted = summaries.filter((event) => isWanted(event.data));
    sink(wanted.map((event) => event.with(present(event.data))));
  }
}
