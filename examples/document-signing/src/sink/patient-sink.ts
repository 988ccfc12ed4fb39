import { ComponentError, isComponentError, type Sink } from '@sluice/contracts';

/**
 * The sink, whose unforeseen errors count as outages: an event is given up for what is known to be wrong with it, and for nothing else.
 *
 * A pipeline that meets an error of no known kind often enough with a single event takes that event for bad. Here it is as likely a disk
 * that can't be read or a mistake in this program: then the event waits, and the pipeline says that it does not get on.
 */
export function patientSink<T>(sink: Sink<T>): Sink<T> {
  return {
    ...sink,
    async open(context) {
      const session = await sink.open(context);
      return {
        ...session,
        write: (events, write) =>
          session.write(events, write).catch((error: unknown) => {
            throw isComponentError(error) ? error : unforeseen(sink.name, error);
          }),
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}

function unforeseen(sink: string, cause: unknown): ComponentError {
  // Its text may hold what is in a row.
  const kind = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.name : typeof cause);
  return new ComponentError('SINK_FAILED', `${sink}: ${kind}`, {
    retry: 'backoff',
    advice: 'Look at the cause: a part that is away comes back by itself, a mistake in the program does not.',
    cause,
  });
}
