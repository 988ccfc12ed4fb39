import { ComponentError, type Envelope, type StateValue } from '@sluice/contracts';
import type { OperatorFunction } from 'rxjs';
import { REPLAY_LANE } from '../dead-letters/replays.js';
import type { Delivery, Failure } from '../delivery/delivery.js';
import type { Flow } from '../delivery/flow.js';
import {
  checkKeepMs,
  checkScope,
  inboxId,
  KEEP_MS,
  Pruning,
  refuse,
  type ScopeOptions,
  stateKey,
} from '../state/keyed.js';
import { windowEnvelopes } from '../state/window-envelope.js';
import { LaneWindows, type Window, type Windowed } from '../state/window-lane.js';
import type { WindowStep } from '../state/window-step.js';
import { type Handle, inSequence } from './in-sequence.js';

/** What windows there are, and what is kept in each, which must be what JSON can say. Times are milliseconds. */
export interface WindowOptions<T, S, U> extends ScopeOptions {
  /** Default: the event's key. One key must come in one lane. */
  readonly key?: (event: Envelope<T>) => string | undefined;
  /** When an event happened. Default: its time. */
  readonly timeOf?: (event: Envelope<T>) => Date;
  /** How long a window is. A whole number above 0. Windows begin at multiples of `slideMs` since 1970. */
  readonly sizeMs: number;
  /** How far apart windows begin; at most `sizeMs`, of which it is a part. An event is in `sizeMs / slideMs` of them. Default: `sizeMs`. */
  readonly slideMs?: number;
  /** How much later than a newer one an event of the same lane may come and still count. Default: 0. */
  readonly allowedLatenessMs?: number;
  /** What becomes of an event that comes later. `drop`: a notice counts them; `divert`: a dead letter, `EVENT_LATE`. Default: `drop`. */
  readonly late?: 'drop' | 'divert';
  /** The state of a window before its first event. */
  readonly initial: () => S;
  /** The state after an event; data is null for a deletion. Pure. */
  readonly reduce: (state: S, data: T | null, event: Envelope<T>) => S;
  /** The data of a closed window. Default: its key, start, end and state. */
  readonly emit?: (state: S, window: Window) => U;
  /** Type of the events that are emitted. Default: `window`. */
  readonly type?: string;
  /** How long the id of an event is remembered. Longer than a redelivery may take. Default: a week. */
  readonly keepMs?: number;
}

/** What a window says when nobody says otherwise. */
export interface ClosedWindow<S> extends Window {
  readonly value: S;
}

/** The most windows that one event may be in. */
const MAX_OVERLAP = 1_000;
/** So many lanes are known, at most, in which nothing is on its way. */
const MAX_IDLE_LANES = 1_000;

/**
 * Windows over the time of events, for each key: tumbling, or sliding with `slideMs`. A window is emitted once, when it is
 * closed: when an event of its lane has come that is newer than its end by `allowedLatenessMs`. It rides on the delivery that
 * closed it, in place of its events. Without news nothing closes: the last windows stay open until something newer comes.
 *
 * An emitted event has the id `scope/key/start`, the key `keyOf([key, start])`, the time of the window's end and a version
 * that grows with it. Times in ids are ISO texts.
 *
 * State, ids of events and the lane's watermark are written in one step before anything is emitted; a closed window is removed
 * once its event is durable. So an event counts once, and a window whose event is lost in a crash is emitted again.
 *
 * One read, one look into the inbox and one write for each delivery; one scan more, and one removal, when windows close. In
 * memory: the windows of one delivery, and those that close together.
 *
 * A dead letter that is replayed is late whatever its time: the windows of its lane have gone on without it.
 *
 * Order: by end, then key. Throws: as `aggregateEvents`; a window for which `emit` throws goes to the dead letters with its state.
 */
export function windowEvents<T, S, U = ClosedWindow<S>>(
  options: WindowOptions<T, S, U>,
): OperatorFunction<Delivery<T>, Delivery<U>> {
  const setting = validated(options);
  const { scope, key, timeOf } = setting;
  const asItIs = (value: S, window: Window): ClosedWindow<S> => ({ ...window, value });
  const dataOf = options.emit ?? ((value: S, window: Window) => asItIs(value, window) as unknown as U);
  const envelope = windowEnvelopes<U | ClosedWindow<S>>(scope, options.type ?? 'window');
  let lateCount = 0;
  const tellLate = (flow: Flow) => {
    lateCount += 1;
    if (Number.isInteger(Math.log2(lateCount))) flow.notice(`windowEvents: ${lateCount} late events dropped so far`);
  };
  return inSequence('windowEvents', (): Handle<T, U> => {
    const lanes = new Map<string, LaneWindows>();
    const pruning = new Pruning(options, setting.keepMs);
    return async (delivery, emitDelivery) => {
      const { flow } = delivery;
      if (delivery.lane === REPLAY_LANE) {
        delivery.divert(delivery.events.map((event) => ({ event, cause: lateError(scope) })));
        delivery.settle();
        return;
      }
      const domain = `${delivery.partition ?? ''}/${delivery.lane}`;
      let lane = lanes.get(domain);
      if (lane === undefined || lane.ledger !== delivery.entries[0]?.ledger) {
        if (lanes.size >= MAX_IDLE_LANES) forgetIdle(lanes);
        lane = new LaneWindows(setting, domain, delivery);
        lanes.set(domain, lane);
      }
      const failures: Failure[] = [];
      const windowed = delivery.events.flatMap((event) => {
        try {
          const at = timeOf(event).getTime();
          return [{ event, at, key: stateKey(key(event)), id: inboxId(event), starts: startsOf(at, setting) }];
        } catch (cause) {
          failures.push({ event, cause });
          return [];
        }
      });
      const step = await lane.begin(windowed);
      for (const one of windowed) {
        try {
          const late = !step.has(one.id) && !put(one, step, options);
          if (late && setting.late === 'divert') throw lateError(scope);
          if (late) tellLate(flow);
        } catch (cause) {
          failures.push({ event: one.event, cause });
        }
        step.pass(one.at);
      }
      const closed = await lane.end(step);
      const made = closed.flatMap(({ window, value }) => {
        try {
          return [envelope(window, dataOf(value as S, window)) as Envelope<U>];
        } catch (cause) {
          failures.push({ event: envelope(window, asItIs(value as S, window)), cause });
          return [];
        }
      });
      const open = lane;
      if (closed.length > 0) delivery.afterDurable(() => open.remove(closed));
      delivery.divert(failures);
      if (made.length === 0) delivery.settle();
      else emitDelivery(delivery.with(made));
      await pruning.whenDue(flow);
    };
  });
}

/** What is known of them is read anew when they go on. */
function forgetIdle(lanes: Map<string, LaneWindows>): void {
  for (const [domain, { ledger }] of lanes) {
    if (ledger === undefined || ledger.abandoned || ledger.length === 0) lanes.delete(domain);
  }
}

/** Puts an event into those of its windows that are open; answers with whether there were any. */
function put<T, S, U>(
  { event, key, id, starts }: Windowed & { readonly event: Envelope<T> },
  step: WindowStep,
  { initial, reduce }: WindowOptions<T, S, U>,
): boolean {
  const open = starts.filter((start) => step.isOpen(start));
  // All of them, before any is set: an event counts in each of its windows or in none.
  const states = open.map((start) => reduce((step.get(key, start) as S | undefined) ?? initial(), event.data, event));
  for (const [at, start] of open.entries()) step.set(key, start, states[at] as StateValue);
  if (open.length > 0) step.count(id);
  return open.length > 0;
}

/** The starts of the windows that a time lies in, ascending. Throws for what is no time, or too far away for a date. */
function startsOf(at: number, { sizeMs, slideMs }: { sizeMs: number; slideMs: number }): number[] {
  if (!(Math.abs(at) + 2 * sizeMs <= 8.64e15)) throw new RangeError('not a time that windows can be made of');
  const last = Math.floor(at / slideMs) * slideMs;
  const count = sizeMs / slideMs;
  return Array.from({ length: count }, (_, n) => last - (count - 1 - n) * slideMs);
}

function lateError(scope: string): ComponentError {
  return new ComponentError('EVENT_LATE', 'the event came after its window was closed', { details: { scope } });
}

function validated<T, S, U>(options: WindowOptions<T, S, U>) {
  checkScope('windowEvents', options, [
    ...[
      'key',
      'timeOf',
      'sizeMs',
      'slideMs',
      'allowedLatenessMs',
      'late',
      'initial',
      'reduce',
      'emit',
      'type',
      'keepMs',
    ],
  ]);
  const { sizeMs, slideMs = sizeMs, allowedLatenessMs = 0, late = 'drop', keepMs = KEEP_MS } = options;
  const bad = (message: string) => refuse('windowEvents', message);
  if (!(Number.isSafeInteger(sizeMs) && sizeMs > 0)) bad('`sizeMs` must be a whole number above 0');
  if (!(Number.isSafeInteger(slideMs) && slideMs > 0 && sizeMs % slideMs === 0 && sizeMs / slideMs <= MAX_OVERLAP)) {
    bad(`\`slideMs\` must go into \`sizeMs\` a whole number of times, ${MAX_OVERLAP} at most`);
  }
  if (!(Number.isSafeInteger(allowedLatenessMs) && allowedLatenessMs >= 0)) {
    bad('`allowedLatenessMs` must be a whole number of at least 0');
  }
  if (late !== 'drop' && late !== 'divert') bad('`late` is drop or divert');
  checkKeepMs('windowEvents', keepMs);
  const key = options.key ?? ((event: Envelope<T>) => event.key);
  const timeOf = options.timeOf ?? ((event: Envelope<T>) => event.time);
  return { ...options, sizeMs, slideMs, allowedLatenessMs, late, keepMs, key, timeOf };
}
