import type { Envelope, SinkSession, WriteContext } from '@sluice/contracts';
import { causeOf } from '../retry/failure-class.js';
import { CHANNELS, type WriteMessage } from './channels.js';
import type { Measurements } from './measurements.js';
import { observedStore, tellCheckpoint } from './observed-store.js';

/** Who a measurement is about. */
export interface Observed {
  readonly pipeline: string;
  readonly sink: string;
  readonly measured: Measurements | undefined;
}

type Session = SinkSession<unknown>;

/** The same sink, its writes measured, traced and told. While nobody wants to know, that costs a few tests for each write. */
export function observedSink(session: Session, observed: Observed): Session {
  const { write, checkpoint } = CHANNELS;
  const all: { [Member in keyof Required<Session>]: Session[Member] } = {
    checkpoints: session.checkpoints && observedStore(session.checkpoints, observed),
    write: (events, context) =>
      observed.measured === undefined && !write.hasSubscribers && !checkpoint.hasSubscribers
        ? session.write(events, context)
        : observedWrite(session, events, context, observed),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
  const { checkpoints, ...rest } = all;
  return checkpoints === undefined ? rest : { ...rest, checkpoints };
}

async function observedWrite(
  session: Session,
  events: readonly Envelope<unknown>[],
  context: WriteContext,
  observed: Observed,
): Promise<void> {
  const { measured, pipeline, sink } = observed;
  const span = measured?.writeSpan(events, context.attempt);
  const started = performance.now();
  let code: string | undefined;
  try {
    await session.write(events, span?.context === undefined ? context : { ...context, trace: span.context });
  } catch (error) {
    code = causeOf(error).code;
    throw error;
  } finally {
    const tookMs = performance.now() - started;
    span?.end(code);
    measured?.wrote(events.length, tookMs, code);
    const failed = code === undefined ? {} : { code };
    if (CHANNELS.write.hasSubscribers) {
      const message: WriteMessage = {
        pipeline,
        sink,
        events: events.length,
        attempt: context.attempt,
        tookMs,
        ...failed,
      };
      CHANNELS.write.publish(message);
    }
    const outcome = code === undefined ? 'saved' : code === 'CHECKPOINT_FENCED' ? 'fenced' : 'failed';
    if (context.checkpoints.length > 0) tellCheckpoint(observed, context.checkpoints, tookMs, outcome, code);
  }
}
