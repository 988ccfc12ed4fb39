import type {
  Attributes,
  BatchFrame,
  Counter,
  Envelope,
  Histogram,
  Lane,
  Metric,
  Span,
  Telemetry,
} from '@sluice/contracts';
import type { Entry } from '../settlement/ledger.js';
import { ATTRIBUTES } from './attributes.js';
import { METRICS } from './metrics.js';
import { writeLinks } from './write-links.js';

/** What is remembered of a batch while it is on its way. */
export interface BatchMark {
  /** When it arrived, on the monotonic clock, in milliseconds. */
  readonly arrived: number;
  readonly first: Envelope<unknown>;
  readonly last: Envelope<unknown>;
}

/** Codes that are counted each by itself: those of parts of one's own may be made of anything. */
const MAX_CODES = 500;

/** What one pipeline hands to its telemetry as it happens: once for each batch or write, never for an event. */
export class Measurements {
  readonly #telemetry: Telemetry;
  readonly #attributes: Attributes;
  readonly #batchSize: Histogram;
  readonly #settlement: Histogram;
  readonly #writeSize: Histogram;
  /** Those that differ by outcome or error code, of which there is a fixed number. */
  readonly #histograms = new Map<string, Histogram>();
  readonly #counters = new Map<string, Counter>();
  readonly #codes = new Set<string>();

  constructor(telemetry: Telemetry, attributes: Attributes) {
    this.#telemetry = telemetry;
    this.#attributes = attributes;
    this.#batchSize = telemetry.histogram(METRICS.batchSize, this.#attributes);
    this.#settlement = telemetry.histogram(METRICS.settlement, this.#attributes);
    this.#writeSize = telemetry.histogram(METRICS.writeSize, this.#attributes);
  }

  /** A batch has come from the source. */
  received({ events }: BatchFrame<unknown>, entry: Entry): void {
    this.#batchSize.record(events.length);
    const first = events[0] as Envelope<unknown>;
    entry.mark = { arrived: performance.now(), first, last: events.at(-1) ?? first };
  }

  /** All of a batch is durable, or done with. */
  settled(entry: Entry): void {
    const { mark, ledger } = entry;
    if (mark === undefined) return;
    this.#settlement.record((performance.now() - mark.arrived) / 1000);
    if (entry.seq > (ledger.newest?.seq ?? -1)) ledger.newest = entry;
  }

  /** The span of a write, linked to what caused it; undefined where nobody traces. */
  writeSpan(events: readonly Envelope<unknown>[], attempt: number): Span | undefined {
    if (this.#telemetry.span === undefined || events.length === 0) return undefined;
    const attributes = { ...this.#attributes, 'sluice.events': events.length, 'sluice.attempt': attempt };
    return this.#telemetry.span('sluice.write', { attributes, links: writeLinks(events) });
  }

  wrote(events: number, tookMs: number, code: string | undefined): void {
    if (events > 0) this.#writeSize.record(events);
    this.#byOutcome(METRICS.write, code === undefined).record(tookMs / 1000);
  }

  checkpointed(tookMs: number, outcome: 'saved' | 'fenced' | 'failed'): void {
    this.#byOutcome(METRICS.checkpoint, outcome === 'saved').record(tookMs / 1000);
  }

  retried(code: string): void {
    this.#byCode(METRICS.retries, code).add(1);
  }

  /** Dead letters, by the code of what failed them. */
  buried(events: Readonly<Record<string, number>>): void {
    for (const [code, count] of Object.entries(events)) this.#byCode(METRICS.deadLetters, code).add(count);
  }

  /** Events that a drain gave up, by lane. */
  gaveUp(byLane: ReadonlyMap<Lane, number>): void {
    for (const events of byLane.values()) this.#counter(METRICS.givenUp).add(events);
  }

  #byOutcome(metric: Metric, ok: boolean): Histogram {
    const outcome = ok ? 'ok' : 'failed';
    const name = `${metric.name} ${outcome}`;
    const known = this.#histograms.get(name);
    if (known !== undefined) return known;
    const made = this.#telemetry.histogram(metric, { ...this.#attributes, [ATTRIBUTES.outcome]: outcome });
    this.#histograms.set(name, made);
    return made;
  }

  #byCode(metric: Metric, code: string): Counter {
    const known = this.#codes.has(code) || this.#codes.size < MAX_CODES;
    if (known) this.#codes.add(code);
    return this.#counter(metric, { [ATTRIBUTES.error]: known ? code : 'OTHER' });
  }

  #counter(metric: Metric, more: Attributes = {}): Counter {
    const name = [metric.name, ...Object.values(more)].join(' ');
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const made = this.#telemetry.counter(metric, { ...this.#attributes, ...more });
    this.#counters.set(name, made);
    return made;
  }
}
